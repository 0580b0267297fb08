#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"

#include "hark/alert.h"

#include "rules/rule_set.h"
#include "support/fact_builder.h"

namespace hark::testing {

// An alerting rule as far as detection looks at it.
struct RuleSpec {
  rules::AlertRule::Type type = rules::AlertRule::Type::kEvent;
  std::uint64_t threshold = 1;
  Micros timespan = 0;
  Micros keep_alive = 15 * kMinute;
  Micros max_duration = 24 * kHour;
  std::size_t group_by = 1;                // how many fields, without the cluster
  std::optional<Severity> downgrade = {};  // its level
  std::vector<std::uint32_t> fed_by = {};  // event rules; empty: the one with the rule's own index
};

inline RuleSpec EventSpec(Micros keep_alive) {
  return {.keep_alive = keep_alive};
}

inline RuleSpec EventCountSpec(std::uint64_t threshold, Micros timespan, Micros keep_alive) {
  return {.type = rules::AlertRule::Type::kEventCount,
          .threshold = threshold,
          .timespan = timespan,
          .keep_alive = keep_alive};
}

inline RuleSpec ValueCountSpec(std::uint64_t threshold, Micros timespan, Micros keep_alive) {
  RuleSpec spec = EventCountSpec(threshold, timespan, keep_alive);
  spec.type = rules::AlertRule::Type::kValueCount;
  return spec;
}

inline std::string WindowTypeName(rules::AlertRule::Type type) {
  switch (type) {
    case rules::AlertRule::Type::kEventCount:
      return "event_count";
    case rules::AlertRule::Type::kValueCount:
      return "value_count";
    case rules::AlertRule::Type::kEvent:
      break;
  }
  return "event";
}

// The rule of that index. Its level is medium.
inline rules::AlertRule MakeAlertRule(const RuleSpec& spec, std::size_t index = 0) {
  const bool is_event = spec.type == rules::AlertRule::Type::kEvent;
  rules::AlertRule rule;
  rule.info.id = absl::StrFormat("00000000-0000-4000-8000-%012d", index);
  rule.info.version = absl::StrFormat("%032x", index + 1);
  rule.info.title = absl::StrFormat("Rule %d", index);
  rule.info.window_type = WindowTypeName(spec.type);
  rule.info.timespan = spec.timespan;
  rule.info.threshold = is_event ? "" : absl::StrFormat("gte %d", spec.threshold);
  rule.type = spec.type;
  rule.threshold = spec.threshold;
  rule.timespan = spec.timespan;
  rule.keep_alive = spec.keep_alive;
  rule.max_duration = spec.max_duration;
  rule.rank = is_event ? 0 : 1;
  if (spec.downgrade) {
    rule.downgrade = rules::Downgrade{.predicate = 0, .level = *spec.downgrade};
  }
  for (std::size_t i = 0; i < spec.group_by; ++i) {
    rule.group_by.push_back(static_cast<rules::FieldIndex>(i));
    rule.info.group_by.push_back(absl::StrFormat("key%d", i));
  }
  if (spec.type == rules::AlertRule::Type::kValueCount) {
    rule.counted = static_cast<rules::FieldIndex>(spec.group_by);
  }
  return rule;
}

// A compiled rule set without anything that only matching needs. REQUIRES: single-event rules
// come first, as the compiler sorts them.
inline std::shared_ptr<const rules::RuleSet> MakeRuleSet(const std::vector<RuleSpec>& specs,
                                                         std::string version = "rules-1") {
  auto set = std::make_shared<rules::RuleSet>();
  set->version = std::move(version);
  for (std::uint32_t index = 0; index < specs.size(); ++index) {
    set->alert_rules.push_back(MakeAlertRule(specs[index], index));
    std::vector<std::uint32_t> fed_by = specs[index].fed_by;
    if (fed_by.empty()) {
      fed_by.push_back(index);
    }
    for (const std::uint32_t event_rule : fed_by) {
      set->event_rules.resize(std::max<std::size_t>(set->event_rules.size(), event_rule + 1));
      set->event_rules[event_rule].feeds.push_back(index);
    }
  }
  for (std::size_t i = 0; i < set->event_rules.size(); ++i) {
    set->event_rules[i].id = absl::StrFormat("event-rule-%d", i);
  }
  return set;
}

}  // namespace hark::testing
