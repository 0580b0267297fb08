#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "hark/event.h"

#include "base/log.h"
#include "metrics/receiver_metrics.h"
#include "server/audit_receiver_options.h"
#include "server/audit_sink.h"
#include "server/memory_budget.h"

namespace hark::server {

// Takes what API servers post to /audit/CLUSTER (HTTP/1.1, over TLS 1.2 or 1.3) and brings each
// body whole to the sink, whose outcome is the answer; meanwhile the connection is suspended and
// costs no thread. Two threads a listener, and one for deadlines.
//
//   401, 403            who may not post for the cluster
//   400, 404, 405, 415  what is no such request
//   429                 a body over its bound, or more bodies than the budget holds; never 413:
//                       an API server asks again after any error, and then has a chance
//   503                 the sink has no outcome by the deadline, or the receiver stops
//
// What takes too long is cut, what is refused is read as far as AuditLimits says, so that the
// answer arrives. Thread-safe.
class AuditReceiver {
 public:
  // Listens when it returns. The references outlive the receiver.
  static absl::StatusOr<std::unique_ptr<AuditReceiver>> Start(const AuditReceiverOptions& options,
                                                              AuditSink& sink, MemoryBudget& budget,
                                                              metrics::ReceiverMetrics& metrics,
                                                              Logger& log);
  // Stops.
  ~AuditReceiver();
  AuditReceiver(const AuditReceiver&) = delete;
  AuditReceiver& operator=(const AuditReceiver&) = delete;

  // Reads certificate, key, CA and tokens again: all of them, or on failure none. Connections go
  // on with the certificate that they have seen; whom the new CA and tokens let in is asked anew
  // for each request.
  absl::Status Reload();

  const std::string& listener() const;
  std::uint16_t port() const;
  // See ServerTls::expiry(); nothing without TLS.
  std::optional<Micros> certificate_expiry() const;
  // What Reload() reads.
  std::vector<std::string> files() const;

  // Accepts no more, answers new requests with 503, waits at most stop_grace for the others, then
  // answers those at the sink with 503 and closes all connections. A second call does nothing.
  void Stop();

 private:
  class Impl;
  explicit AuditReceiver(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace hark::server
