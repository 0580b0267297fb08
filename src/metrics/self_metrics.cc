#include "metrics/self_metrics.h"

#include <string>

#include "metrics/seconds.h"

namespace hark::metrics {

SelfMetrics::SelfMetrics(Registry& registry, std::string_view version, std::string_view commit)
    : registry_(registry),
      ready_(registry.AddGauge(
          {"hark_ready",
           "1 if the state is restored, sources are followed and alerts are stored."})),
      reload_successful_(registry.AddGauge(
          {"hark_config_last_reload_successful",
           "1 if the configuration and the rules were taken over at the last attempt."})),
      reload_success_(
          registry.AddGauge({"hark_config_last_reload_success_timestamp_seconds",
                             "When configuration and rules were taken over for the last time."})) {
  registry
      .AddGauge({"hark_build_info", "1; the labels name the build."},
                {{"version", std::string(version)}, {"commit", std::string(commit)}})
      .Set(1);
}

void SelfMetrics::ReloadSucceeded(Micros now) const {
  reload_successful_.Set(1);
  reload_success_.Set(Seconds(now));
}

void SelfMetrics::CertificateExpiry(std::string_view listener, Micros expiry) const {
  registry_
      .AddGauge({"hark_certificate_expiry_timestamp_seconds",
                 "When the certificate of the listener expires."},
                {{"listener", std::string(listener)}})
      .Set(Seconds(expiry));
}

}  // namespace hark::metrics
