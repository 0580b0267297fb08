#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"

#include "hark/event.h"

#include "base/mutex.h"
#include "metrics/registry.h"

namespace hark::metrics {

// What can become of a revision at an output. All but kRetried are final: per output they sum up to
// the revisions that it is done with. kRejected and kExpired are dead letters.
enum class DeliveryResult : std::uint8_t {
  kDelivered,
  kRetried,
  kRejected,
  kExpired,
  kSilenced,
  kFiltered
};
constexpr std::size_t kDeliveryResults = 6;

// One output. Durations are in microseconds. Thread-safe.
class OutputMetrics {
 public:
  OutputMetrics(Registry& registry, const std::string& output);

  void Count(DeliveryResult result) const {
    results_.at(static_cast<std::size_t>(result)).Increment();
  }
  // From the beginning of an attempt until its answer.
  void Attempt(Micros duration) const;
  void Queue(std::uint64_t length, Micros oldest_age) const;
  void DeadLetters(std::uint64_t number) const { dead_letters_.Set(static_cast<double>(number)); }
  // It delivers nothing any more, until it is started anew.
  void Stopped(bool stopped) const { stopped_.Set(stopped ? 1 : 0); }

 private:
  std::array<Counter, kDeliveryResults> results_;
  Histogram attempts_;
  Gauge queue_length_, oldest_age_, dead_letters_, stopped_;
};

// The outputs. The registry outlives it. Thread-safe.
class DeliveryMetrics {
 public:
  explicit DeliveryMetrics(Registry& registry) : registry_(registry) {}

  // `output` is a name of the configuration.
  OutputMetrics ForOutput(const std::string& output) const;
  // The series of all other outputs go. REQUIRES: their OutputMetrics are used no more.
  void KeepOnly(const std::vector<std::string>& outputs) const;
  // A rule is loaded: what is counted of it begins at 0. `rule` is a rule's name, else its id.
  void AddRule(std::string_view rule) const;
  // A revision of that rule was kept from an output by a silence.
  void Silenced(std::string_view rule) const;
  // Dead letters that went for good. `output` is a name of the configuration, or once was.
  void LettersRemoved(const std::string& output, std::int64_t number) const;

 private:
  void Remove(const std::string& output) const;

  Registry& registry_;
  mutable Mutex mutex_;
  mutable std::set<std::string> outputs_ ABSL_GUARDED_BY(mutex_);  // those with series
};

}  // namespace hark::metrics
