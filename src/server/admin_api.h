#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "server/router.h"

namespace hark::server {

// One condition of being ready: the configuration is loaded, the state restored, ...
struct ReadinessCheck {
  std::string name;  // lower-case-with-dashes, a constant
  absl::Status status;
};

// The parameters of a query: what they mean is the callback's business.
using QueryParameters = std::vector<std::pair<std::string, std::string>>;

struct BuildInfo {
  std::string version;
  std::string commit;  // may be empty
};

// Where the answers come from. Every callback is called on the server's threads, several at a
// time, and must answer within seconds. An absent one makes its path 404.
struct AdminSources {
  BuildInfo build;
  // Of each part that must go on: an error means that only a restart helps.
  std::function<std::vector<ReadinessCheck>()> live;
  // What must hold before traffic may come. Outputs are none of it: they may be down for hours.
  std::function<std::vector<ReadinessCheck>()> ready;
  std::function<absl::StatusOr<std::string>()> metrics;  // Prometheus text format 0.0.4
  // These return one JSON document.
  std::function<absl::StatusOr<std::string>()> status;
  std::function<absl::StatusOr<std::string>(const QueryParameters&)> alerts;
  std::function<absl::StatusOr<std::string>(const std::string& id)> alert;  // NotFound: 404
  // Reloads configuration and rules, and returns what is wrong with them: empty means done.
  std::function<std::vector<std::string>()> reload;
};

// The administration endpoints:
//
//   GET  /livez /healthz   200 "ok" or 503     anyone; ?verbose lists the checks, to who is
//   GET  /readyz           200 "ok" or 503     authorized with the reasons
//   GET  /version          {"version": ..., "commit": ...}            anyone
//   GET  /metrics          Prometheus text                            anyone
//   GET  /api/v1/status                                               authorized
//   GET  /api/v1/alerts    ?rule= level= actor= ...                 authorized
//   GET  /api/v1/alerts/ID                                            authorized
//   POST /-/reload         200, or 500 and {"error": ..., "errors": [...]}
//
// Errors of the sources become 400 (InvalidArgument), 404 (NotFound), 503 (Unavailable) or 500.
void AddAdminRoutes(const AdminSources& sources, Router& router);

}  // namespace hark::server
