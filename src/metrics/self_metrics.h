#pragma once

#include <cstdint>
#include <string_view>

#include "hark/event.h"

#include "metrics/registry.h"

namespace hark::metrics {

// What hark says of itself: its build, its configuration, its certificates, its process. The
// registry outlives it. Thread-safe.
class SelfMetrics {
 public:
  // `commit` may be empty.
  SelfMetrics(Registry& registry, std::string_view version, std::string_view commit);

  // The start counts as the first reload.
  void ReloadSucceeded(Micros now) const;
  void ReloadFailed() const { reload_successful_.Set(0); }

  // As /readyz says.
  void Ready(bool ready) const { ready_.Set(ready ? 1 : 0); }

  // `listener` is a name of the configuration.
  void CertificateExpiry(std::string_view listener, Micros expiry) const;

 private:
  Registry& registry_;
  Gauge ready_, reload_successful_, reload_success_;
};

// The conventional process_* metrics (CPU, resident memory, file descriptors, start), read from
// /proc at each scrape; what cannot be read keeps its last value.
void AddProcessMetrics(Registry& registry);

}  // namespace hark::metrics
