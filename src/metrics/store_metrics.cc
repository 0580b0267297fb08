#include "metrics/store_metrics.h"

namespace hark::metrics {
namespace {

constexpr Family kAlertsRemoved = {"hark_alerts_removed_total",
                                   "Closed alerts that were removed from the store, for their age "
                                   "or for the bytes that it may take."};

}  // namespace

StoreMetrics::StoreMetrics(Registry& registry)
    : bytes_(registry.AddGauge({"hark_alert_store_bytes", "What is used of the alert database."})),
      max_bytes_(registry.AddGauge(
          {"hark_alert_store_max_bytes", "The setting alerts.max_bytes: what may be used of it."})),
      removed_for_age_(registry.AddCounter(kAlertsRemoved, {{"reason", "age"}})),
      removed_for_bytes_(registry.AddCounter(kAlertsRemoved, {{"reason", "bytes"}})) {}

void StoreMetrics::Bytes(std::uint64_t used, std::uint64_t allowed) const {
  bytes_.Set(static_cast<double>(used));
  max_bytes_.Set(static_cast<double>(allowed));
}

void StoreMetrics::AlertsRemoved(std::int64_t number, bool for_bytes) const {
  (for_bytes ? removed_for_bytes_ : removed_for_age_).Add(static_cast<double>(number));
}

}  // namespace hark::metrics
