#pragma once

#include <cstdint>

#include "metrics/registry.h"

namespace hark::metrics {

// The database of alerts, and what goes from it. The registry outlives it. Thread-safe.
class StoreMetrics {
 public:
  explicit StoreMetrics(Registry& registry);

  // What is used of the database, and what may be.
  void Bytes(std::uint64_t used, std::uint64_t allowed) const;

  // Alerts that went because they were old, or because the database was full.
  void AlertsRemoved(std::int64_t number, bool for_bytes) const;

 private:
  Gauge bytes_, max_bytes_;
  Counter removed_for_age_, removed_for_bytes_;
};

}  // namespace hark::metrics
