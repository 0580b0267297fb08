#include "metrics/log_metrics.h"

#include <vector>

#include "metrics/seconds.h"

namespace hark::metrics {
namespace {

const std::vector<double>& SnapshotBounds() {
  static const std::vector<double> bounds = {0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60};
  return bounds;
}

}  // namespace

LogMetrics::LogMetrics(Registry& registry)
    : bytes_(registry.AddGauge({"hark_fact_log_bytes", "Size of the fact log on disk."})),
      max_bytes_(registry.AddGauge({"hark_fact_log_max_bytes",
                                    "The most that the fact log may hold; at it reading stops."})),
      oldest_age_(registry.AddGauge(
          {"hark_fact_log_oldest_age_seconds", "Age of the oldest record of the fact log."})),
      write_failures_(registry.AddCounter({"hark_fact_log_write_failures_total",
                                           "Records of the fact log whose write or sync failed."})),
      torn_tails_(registry.AddCounter(
          {"hark_fact_log_torn_tails_total", "Incomplete ends of segments that were cut off."})),
      snapshot_(registry.AddHistogram(
          {"hark_snapshot_seconds", "Time from the beginning of a snapshot until it is on disk."},
          SnapshotBounds())),
      snapshot_success_(registry.AddGauge(
          {"hark_snapshot_last_success_timestamp_seconds", "When the last snapshot was written."})),
      snapshot_failures_(registry.AddCounter(
          {"hark_snapshot_failures_total", "Snapshots that could not be written."})) {}

void LogMetrics::FactLogOldestAge(Micros age) const {
  oldest_age_.Set(Seconds(age));
}

void LogMetrics::SnapshotWritten(Micros duration, Micros now) const {
  snapshot_.Observe(Seconds(duration));
  snapshot_success_.Set(Seconds(now));
}

}  // namespace hark::metrics
