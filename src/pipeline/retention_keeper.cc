#include "pipeline/retention_keeper.h"

#include <chrono>
#include <thread>

namespace hark::pipeline {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr absl::Duration kInterval = absl::Seconds(1);
constexpr std::chrono::milliseconds kBudget(100);
constexpr std::chrono::milliseconds kBudgetOver(500);
// Whoever waits for the store comes first.
constexpr std::chrono::milliseconds kBetweenSteps(1);

}  // namespace

void RetentionKeeper::Use(const config::AlertsConfig& config) {
  config_ = config;
  next_ = absl::InfinitePast();
}

alert::RetentionLimits RetentionKeeper::LimitsAt(absl::Time now) const {
  const Micros moment = absl::ToUnixMicros(now);
  return {.detected_before = moment - config_.max_age,
          .max_bytes = static_cast<std::uint64_t>(config_.max_bytes),
          .failed_before = moment - config_.dead_letters_max_age,
          .max_letter_bytes = MaxLetterBytes(config_)};
}

void RetentionKeeper::Tick() {
  const absl::Time now = parts_.clock.Now();
  if (now < next_) {
    return;
  }
  const alert::RetentionLimits limits = LimitsAt(now);
  Removed removed;
  const SteadyClock::time_point begun = SteadyClock::now();
  while (true) {
    const absl::StatusOr<alert::RetentionResult> step = parts_.alerts.Retain(limits);
    if (!step.ok()) {
      next_ = now + kInterval;
      parts_.logger.Write(
          {.level = LogLevel::kWarning,
           .key = "retention_failed",
           .text = "Old alerts cannot be removed from the database. It is tried again."},
          {ErrorField(step.status())});
      break;
    }
    Count(*step, removed);
    if (step->done) {
      next_ = now + kInterval;
      WarnIfOver(*step);
      break;
    }
    const bool is_over = step->used_bytes > limits.max_bytes;
    if (SteadyClock::now() - begun > (is_over ? kBudgetOver : kBudget)) {
      break;
    }
    std::this_thread::sleep_for(kBetweenSteps);
  }
  Report(removed);
}

void RetentionKeeper::Count(const alert::RetentionResult& step, Removed& removed) const {
  parts_.store_metrics.Bytes(step.used_bytes, static_cast<std::uint64_t>(config_.max_bytes));
  if (step.removed_alerts > 0) {
    parts_.store_metrics.AlertsRemoved(step.removed_alerts, step.for_bytes);
    removed.for_bytes += step.for_bytes ? step.removed_alerts : 0;
  }
  for (const auto& [output, number] : step.removed_letters) {
    parts_.delivery_metrics.LettersRemoved(output, number);
    removed.letters[output] += number;
  }
}

void RetentionKeeper::Report(const Removed& removed) {
  if (removed.for_bytes > 0) {
    parts_.logger.Write({.level = LogLevel::kWarning,
                         .key = "alerts_removed_early",
                         .text = "The alert database has reached alerts.max_bytes: closed alerts "
                                 "were removed before alerts.max_age."},
                        {{"alerts", removed.for_bytes}});
  }
  for (const auto& [output, number] : removed.letters) {
    parts_.logger.Write({.level = LogLevel::kWarning,
                         .key = "dead_letters_removed",
                         .text = "Dead letters were removed for good: they were older than "
                                 "alerts.dead_letters_max_age, or took over a quarter of "
                                 "alerts.max_bytes.",
                         .about = output},
                        {{"output", std::string_view(output)}, {"dead_letters", number}});
  }
}

void RetentionKeeper::WarnIfOver(const alert::RetentionResult& last) {
  const auto allowed = static_cast<std::uint64_t>(config_.max_bytes);
  if (last.used_bytes <= allowed) {
    return;
  }
  parts_.logger.Write(
      {.level = LogLevel::kWarning,
       .key = "alert_store_over",
       .text = "The alert database takes more than alerts.max_bytes, and nothing "
               "more may go: alerts are open, or wait for an output or a snapshot."},
      {{"bytes", last.used_bytes}, {"max_bytes", allowed}});
}

}  // namespace hark::pipeline
