#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "server/audit_access.h"
#include "server/audit_exchange.h"

namespace hark::server {

struct AuditReceiverOptions {
  std::string listen = {};  // see ParseListenAddress; also the listener's name
  // PEM. Without a certificate it is HTTP; both, and clients, are needed off loopback.
  std::string cert_file = {}, key_file = {};
  // Signs the certificates of clients; for those with a certificate_name.
  std::string client_ca_file = {};
  std::vector<AuditClient> clients = {};  // none: anybody, for any cluster

  AuditLimits limits = {};
  unsigned max_connections = 256;
  unsigned max_connections_per_address = 64;
  // Of a connection, until its first request line has come.
  absl::Duration first_deadline = absl::Seconds(10);
  // From its request line until its answer. API servers give a request up after 30 s.
  absl::Duration request_deadline = absl::Seconds(25);
  // From an answer until the next request line. API servers keep an idle connection for 90 s.
  absl::Duration idle_deadline = absl::Seconds(120);
  // What running requests get when the receiver stops.
  absl::Duration stop_grace = absl::Seconds(5);
};

// What is wrong with the options, without listening or reading a file: for `config check`.
absl::Status CheckAuditReceiverOptions(const AuditReceiverOptions& options);

}  // namespace hark::server
