#include "metrics/delivery_metrics.h"

#include <vector>

#include "metrics/seconds.h"

namespace hark::metrics {
namespace {

constexpr Family kDeliveries = {
    "hark_deliveries_total",
    "What became of alert revisions at an output; retried is not final, all others are."};

constexpr Family kLettersRemoved = {
    "hark_dead_letters_removed_total",
    "Dead letters that were removed for good, because they were old or took too much."};

const std::vector<double>& AttemptBounds() {
  static const std::vector<double> bounds = {0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                             0.5,   1,     2.5,  5,     10,   30};
  return bounds;
}

Counter ResultCounter(Registry& registry, const std::string& output, const char* result) {
  return registry.AddCounter(kDeliveries, {{"output", output}, {"result", result}});
}

Counter SilencedCounter(Registry& registry, std::string_view rule) {
  return registry.AddCounter(
      {"hark_silenced_total", "Alert revisions that a silence has kept from an output."},
      {{"rule", std::string(rule)}});
}

Gauge OutputGauge(Registry& registry, const std::string& output, const Family& family) {
  return registry.AddGauge(family, {{"output", output}});
}

}  // namespace

OutputMetrics::OutputMetrics(Registry& registry, const std::string& output)
    : results_{ResultCounter(registry, output, "delivered"),
               ResultCounter(registry, output, "retried"),
               ResultCounter(registry, output, "rejected"),
               ResultCounter(registry, output, "expired"),
               ResultCounter(registry, output, "silenced"),
               ResultCounter(registry, output, "filtered")},
      attempts_(registry.AddHistogram(
          {"hark_delivery_seconds", "Time from the beginning of an attempt until its answer."},
          AttemptBounds(), {{"output", output}})),
      queue_length_(OutputGauge(
          registry, output,
          {"hark_output_queue_length", "Alert revisions that the output is not done with."})),
      oldest_age_(OutputGauge(registry, output,
                              {"hark_output_oldest_age_seconds",
                               "How long ago the oldest of them was raised; 0 if there is none."})),
      dead_letters_(OutputGauge(
          registry, output, {"hark_dead_letters", "Dead letters that are kept for the output."})),
      stopped_(OutputGauge(
          registry, output,
          {"hark_output_stopped", "1 if the receiver wants no more until hark is reloaded."})) {
  registry.AddCounter(kLettersRemoved, {{"output", output}});  // from zero on
}

void OutputMetrics::Attempt(Micros duration) const {
  attempts_.Observe(Seconds(duration));
}

void OutputMetrics::Queue(std::uint64_t length, Micros oldest_age) const {
  queue_length_.Set(static_cast<double>(length));
  oldest_age_.Set(Seconds(oldest_age));
}

void DeliveryMetrics::Removed(const std::string& output) const {
  const OutputMetrics metrics = ForOutput(output);
  metrics.Queue(0, 0);
  metrics.DeadLetters(0);
  metrics.Stopped(false);
}

void DeliveryMetrics::AddRule(std::string_view rule) const {
  SilencedCounter(registry_, rule);
}

void DeliveryMetrics::Silenced(std::string_view rule) const {
  SilencedCounter(registry_, rule).Increment();
}

void DeliveryMetrics::LettersRemoved(const std::string& output, std::int64_t number) const {
  registry_.AddCounter(kLettersRemoved, {{"output", output}}).Add(static_cast<double>(number));
}

}  // namespace hark::metrics
