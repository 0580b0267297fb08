#include "metrics/receiver_metrics.h"

#include <array>
#include <span>
#include <string>
#include <vector>

#include "metrics/seconds.h"

namespace hark::metrics {
namespace {

constexpr Family kRequests = {
    "hark_receiver_requests_total",
    "Requests to the receivers of audit events, by the status of the answer; none if none was "
    "sent."};

// Up to the deadline of a request; 50 ms is what an API server should wait at most.
const std::vector<double>& AckBounds() {
  static const std::vector<double> bounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                             0.25,  0.5,    1,     2.5,  5,     10,   25};
  return bounds;
}

}  // namespace

ReceiverMetrics::ReceiverMetrics(Registry& registry)
    : registry_(registry),
      ack_(registry.AddHistogram(
          {"hark_receiver_ack_seconds",
           "From the first line of a request until its batch was stored and answered with 200."},
          AckBounds())),
      clusters_(kMaxClusters) {}

void ReceiverMetrics::Expect(std::string_view cluster) {
  static constexpr std::array<int, 2> kOfStrangers = {401, 403};
  static constexpr std::array<int, 6> kOfClients = {200, 400, 401, 403, 429, 503};
  const std::span<const int> codes =
      cluster.empty() ? std::span<const int>(kOfStrangers) : std::span<const int>(kOfClients);
  for (const int code : codes) {
    RequestCounter(cluster, code);
  }
}

void ReceiverMetrics::Answered(std::string_view cluster, int code) {
  RequestCounter(cluster, code).Increment();
}

void ReceiverMetrics::Acknowledged(Micros duration) const {
  ack_.Observe(Seconds(duration));
}

Counter ReceiverMetrics::RequestCounter(std::string_view cluster, int code) {
  std::string label(LabelCap::kOther);
  if (!cluster.empty()) {
    const MutexLock lock(mutex_);
    label = clusters_.Admit(cluster);
  }
  return registry_.AddCounter(
      kRequests, {{"cluster", std::move(label)},
                  {"code", code == kNoAnswer ? std::string("none") : std::to_string(code)}});
}

}  // namespace hark::metrics
