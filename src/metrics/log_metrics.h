#pragma once

#include <cstdint>

#include "hark/event.h"

#include "metrics/registry.h"

namespace hark::metrics {

// The fact log on disk and the snapshots. Times and durations are in microseconds. The registry
// outlives it. Thread-safe.
class LogMetrics {
 public:
  explicit LogMetrics(Registry& registry);

  // All segments together.
  void FactLogBytes(std::uint64_t bytes) const { bytes_.Set(static_cast<double>(bytes)); }
  // The most that it may hold, of the configuration.
  void FactLogBound(std::uint64_t bytes) const { max_bytes_.Set(static_cast<double>(bytes)); }
  // How long ago the oldest record that is kept was written.
  void FactLogOldestAge(Micros age) const;
  // The write or the sync of a record failed: nothing is committed past it.
  void FactLogWriteFailed() const { write_failures_.Increment(); }
  // The end of a segment was cut, because the process died within a record.
  void TornTailCut() const { torn_tails_.Increment(); }

  // A snapshot that took that long is on disk, at that time.
  void SnapshotWritten(Micros duration, Micros now) const;
  void SnapshotFailed() const { snapshot_failures_.Increment(); }

 private:
  Gauge bytes_, max_bytes_, oldest_age_;
  Counter write_failures_, torn_tails_;
  Histogram snapshot_;
  Gauge snapshot_success_;
  Counter snapshot_failures_;
};

}  // namespace hark::metrics
