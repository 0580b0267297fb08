#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hark/fact.h"

#include "base/hash128.h"

namespace hark::testing {

constexpr Micros kSecond = 1'000'000;
constexpr Micros kMinute = 60 * kSecond;
constexpr Micros kHour = 60 * kMinute;
// 2026-01-01T00:00:00Z: a whole minute, so that a test can count in minutes from here.
constexpr Micros kStart = 1'767'225'600'000'000;

// A fact as the matcher makes it: `key` and `pair_key` follow from what names the event. Unless
// told otherwise the event is the ResponseComplete of a short request in the cluster "c".
class FactBuilder {
 public:
  FactBuilder(std::string audit_id, Micros time) {
    fact_.evidence.audit_id = std::move(audit_id);
    fact_.time = time;
    fact_.received_time = time;
    fact_.cluster = "c";
    fact_.evidence.actor_type = "human";
    fact_.raw_length = 1'000;
  }

  FactBuilder& InStage(Stage stage) {
    fact_.stage = stage;
    return *this;
  }
  FactBuilder& ReceivedAt(Micros time) {
    fact_.received_time = time;
    return *this;
  }
  FactBuilder& LongRunning() {
    fact_.long_running = true;
    return *this;
  }
  FactBuilder& InCluster(std::string cluster) {
    fact_.cluster = std::move(cluster);
    return *this;
  }
  FactBuilder& AtLevel(Level level) {
    fact_.level = level;
    return *this;
  }
  FactBuilder& WithRawLength(std::uint32_t length) {
    fact_.raw_length = length;
    return *this;
  }
  FactBuilder& WithReason(std::string reason) {
    fact_.evidence.reason = std::move(reason);
    return *this;
  }
  // The object of the request; a list has no name.
  FactBuilder& On(std::string namespace_name, std::string name) {
    fact_.evidence.resource = "secrets";
    fact_.evidence.namespace_name = std::move(namespace_name);
    fact_.evidence.name = std::move(name);
    return *this;
  }
  FactBuilder& Matching(FactMatch match) {
    fact_.matches.push_back(std::move(match));
    return *this;
  }
  // The event rule and the alerting rule that it feeds have one index.
  FactBuilder& Feeding(std::uint32_t rule, std::vector<GroupValue> group,
                       GroupValue counted = std::nullopt) {
    return Matching({.alert_rule = rule,
                     .event_rule = rule,
                     .group = std::move(group),
                     .counted = std::move(counted),
                     .matched = {}});
  }
  // The last match is one at which the rule's `hark.downgrade` holds.
  FactBuilder& Downgraded() {
    fact_.matches.back().downgraded = true;
    return *this;
  }

  Fact Build() const {
    Fact fact = fact_;
    const auto stage = static_cast<Micros>(fact.stage);
    fact.pair_key = HashParts({fact.cluster, fact.evidence.audit_id, Bytes(fact.received_time)});
    fact.key = HashParts({fact.cluster, fact.evidence.audit_id, Bytes(fact.received_time),
                          Bytes(fact.time), Bytes(stage)});
    return fact;
  }

 private:
  static std::string Bytes(Micros value) {
    std::string bytes(sizeof(value), '\0');
    std::memcpy(bytes.data(), &value, sizeof(value));
    return bytes;
  }

  Fact fact_;
};

}  // namespace hark::testing
