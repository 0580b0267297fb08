#include "metrics/delivery_metrics.h"

#include <algorithm>
#include <vector>

#include "metrics/seconds.h"

namespace hark::metrics {
namespace {

constexpr Family kDeliveries = {
    "hark_deliveries_total",
    "What became of alert revisions at an output; retried is not final, all others are."};

// In the order of the enum.
constexpr std::array<const char*, kDeliveryResults> kResults = {
    "delivered", "retried", "rejected", "expired", "silenced", "filtered"};

constexpr Family kLettersRemoved = {
    "hark_dead_letters_removed_total",
    "Dead letters that were removed for good, because they were old or took too much."};

constexpr Family kAttempts = {"hark_delivery_seconds",
                              "Time from the beginning of an attempt until its answer."};
constexpr Family kQueueLength = {"hark_output_queue_length",
                                 "Alert revisions that the output is not done with."};
constexpr Family kOldestAge = {"hark_output_oldest_age_seconds",
                               "How long ago the oldest of them was raised; 0 if there is none."};
constexpr Family kDeadLetters = {"hark_dead_letters", "Dead letters that are kept for the output."};
constexpr Family kStopped = {"hark_output_stopped",
                             "1 if the receiver wants no more until hark is reloaded."};

const std::vector<double>& AttemptBounds() {
  static const std::vector<double> bounds = {0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                             0.5,   1,     2.5,  5,     10,   30};
  return bounds;
}

Labels LabelsOf(const std::string& output) {
  return {{"output", output}};
}

Labels LabelsOf(const std::string& output, const char* result) {
  return {{"output", output}, {"result", result}};
}

std::array<Counter, kDeliveryResults> ResultCounters(Registry& registry,
                                                     const std::string& output) {
  const auto counter = [&](std::size_t result) {
    return registry.AddCounter(kDeliveries, LabelsOf(output, kResults.at(result)));
  };
  return {counter(0), counter(1), counter(2), counter(3), counter(4), counter(5)};
}

Counter SilencedCounter(Registry& registry, std::string_view rule) {
  return registry.AddCounter(
      {"hark_silenced_total", "Alert revisions that a silence has kept from an output."},
      {{"rule", std::string(rule)}});
}

}  // namespace

OutputMetrics::OutputMetrics(Registry& registry, const std::string& output)
    : results_(ResultCounters(registry, output)),
      attempts_(registry.AddHistogram(kAttempts, AttemptBounds(), LabelsOf(output))),
      queue_length_(registry.AddGauge(kQueueLength, LabelsOf(output))),
      oldest_age_(registry.AddGauge(kOldestAge, LabelsOf(output))),
      dead_letters_(registry.AddGauge(kDeadLetters, LabelsOf(output))),
      stopped_(registry.AddGauge(kStopped, LabelsOf(output))) {
  registry.AddCounter(kLettersRemoved, LabelsOf(output));  // from zero on
}

void OutputMetrics::Attempt(Micros duration) const {
  attempts_.Observe(Seconds(duration));
}

void OutputMetrics::Queue(std::uint64_t length, Micros oldest_age) const {
  queue_length_.Set(static_cast<double>(length));
  oldest_age_.Set(Seconds(oldest_age));
}

OutputMetrics DeliveryMetrics::ForOutput(const std::string& output) const {
  const MutexLock lock(mutex_);
  outputs_.insert(output);
  return {registry_, output};
}

void DeliveryMetrics::KeepOnly(const std::vector<std::string>& outputs) const {
  const MutexLock lock(mutex_);
  std::erase_if(outputs_, [&](const std::string& output) {
    const bool is_kept = std::find(outputs.begin(), outputs.end(), output) != outputs.end();
    if (!is_kept) {
      Remove(output);
    }
    return !is_kept;
  });
}

void DeliveryMetrics::Remove(const std::string& output) const {
  for (const char* const result : kResults) {
    registry_.RemoveCounter(kDeliveries, LabelsOf(output, result));
  }
  registry_.RemoveCounter(kLettersRemoved, LabelsOf(output));
  registry_.RemoveHistogram(kAttempts, LabelsOf(output));
  for (const Family& gauge : {kQueueLength, kOldestAge, kDeadLetters, kStopped}) {
    registry_.RemoveGauge(gauge, LabelsOf(output));
  }
}

void DeliveryMetrics::AddRule(std::string_view rule) const {
  SilencedCounter(registry_, rule);
}

void DeliveryMetrics::Silenced(std::string_view rule) const {
  SilencedCounter(registry_, rule).Increment();
}

void DeliveryMetrics::LettersRemoved(const std::string& output, std::int64_t number) const {
  const MutexLock lock(mutex_);
  outputs_.insert(output);
  registry_.AddCounter(kLettersRemoved, LabelsOf(output)).Add(static_cast<double>(number));
}

}  // namespace hark::metrics
