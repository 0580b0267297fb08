#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/time/time.h"

#include "hark/clock.h"

#include "alert/alert_store.h"
#include "base/log.h"
#include "config/config.h"
#include "metrics/delivery_metrics.h"
#include "metrics/store_metrics.h"

namespace hark::pipeline {

// What of the store may wait for one output, and what dead letters may take of it.
inline std::uint64_t MaxWaitingBytes(const config::AlertsConfig& config) {
  return static_cast<std::uint64_t>(config.max_bytes) / 2;
}
inline std::uint64_t MaxLetterBytes(const config::AlertsConfig& config) {
  return static_cast<std::uint64_t>(config.max_bytes) / 4;
}

// Lets go what the store has kept long enough (alert/retention.h), a little at a time, so that the
// detector's commits do not wait for it, and says so where somebody may miss it. Not thread-safe.
class RetentionKeeper {
 public:
  // All of it outlives the keeper.
  struct Parts {
    alert::AlertStore& alerts;
    Logger& logger;
    const metrics::StoreMetrics& store_metrics;
    const metrics::DeliveryMetrics& delivery_metrics;
    const Clock& clock;  // that nobody sets: one that jumps would empty the store
  };
  RetentionKeeper(const config::AlertsConfig& config, const Parts& parts)
      : config_(config), parts_(parts) {}

  // For a reload.
  void Use(const config::AlertsConfig& config);

  // To be called often. Takes some 100 ms, or 500 ms while the store is too big; what is left then
  // goes at the next call. Where all has gone it looks again a second later.
  void Tick();

 private:
  // What went in one call.
  struct Removed {
    std::int64_t for_bytes = 0;
    std::map<std::string, std::int64_t> letters;
  };

  alert::RetentionLimits LimitsAt(absl::Time now) const;
  void Count(const alert::RetentionResult& step, Removed& removed) const;
  void Report(const Removed& removed);
  void WarnIfOver(const alert::RetentionResult& last);

  config::AlertsConfig config_;
  const Parts parts_;
  absl::Time next_ = absl::InfinitePast();
};

}  // namespace hark::pipeline
