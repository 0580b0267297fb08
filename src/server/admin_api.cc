#include "server/admin_api.h"

#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"

#include "base/json_writer.h"
#include "base/text.h"
#include "metrics/registry.h"
#include "server/http_status.h"

namespace hark::server {
namespace {

Response Answer(absl::StatusOr<std::string> document, std::string_view content_type) {
  if (!document.ok()) {
    return ErrorResponse(http::StatusOf(document.status().code()),
                         std::string(document.status().message()));
  }
  return {.content_type = std::string(content_type), .body = *std::move(document)};
}

Response JsonAnswer(absl::StatusOr<std::string> document) {
  return Answer(std::move(document), "application/json");
}

// In the style of Kubernetes: "[+]listeners ok", "[-]state failed: ...". Reasons hold paths and
// addresses, which are not for everybody.
Response HealthAnswer(const std::vector<ReadinessCheck>& checks, const Request& request) {
  bool healthy = true;
  std::string lines;
  for (const ReadinessCheck& check : checks) {
    if (check.status.ok()) {
      absl::StrAppendFormat(&lines, "[+]%s ok\n", check.name);
      continue;
    }
    healthy = false;
    const std::string reason = request.authorized
                                   ? EscapeForTerminal(std::string(check.status.message()))
                                   : "reason withheld";
    absl::StrAppendFormat(&lines, "[-]%s failed: %s\n", check.name, reason);
  }
  Response response{.status = healthy ? 200 : http::kUnavailable,
                    .content_type = "text/plain; charset=utf-8"};
  if (request.query.contains("verbose") || !healthy) {
    response.body = std::move(lines);
  }
  response.body += healthy ? "ok\n" : "failed\n";
  return response;
}

Response ReloadAnswer(const std::vector<std::string>& errors) {
  if (errors.empty()) {
    return {.body = "{\"reloaded\":true}\n"};
  }
  JsonWriter json;
  json.BeginObject();
  json.Key("error").String("nothing was changed, because the configuration or the rules are wrong");
  json.Key("errors").BeginArray();
  for (const std::string& error : errors) {
    json.String(error);
  }
  json.EndArray().EndObject();
  return {.status = http::kInternal, .body = json.Take() + "\n"};
}

std::string VersionDocument(const BuildInfo& build) {
  JsonWriter json;
  json.BeginObject().Key("version").String(build.version);
  if (!build.commit.empty()) {
    json.Key("commit").String(build.commit);
  }
  json.EndObject();
  return json.Take() + "\n";
}

void AddHealthRoutes(const AdminSources& sources, Router& router) {
  if (sources.live) {
    const Handler live = [live = sources.live](const Request& request) {
      return HealthAnswer(live(), request);
    };
    router.Add(Method::kGet, "/livez", Access::kAnyone, live);
    router.Add(Method::kGet, "/healthz", Access::kAnyone, live);
  }
  if (sources.ready) {
    router.Add(
        Method::kGet, "/readyz", Access::kAnyone,
        [ready = sources.ready](const Request& request) { return HealthAnswer(ready(), request); });
  }
}

void AddAlertRoutes(const AdminSources& sources, Router& router) {
  if (sources.alerts) {
    router.Add(Method::kGet, "/api/v1/alerts", Access::kAuthorized,
               [alerts = sources.alerts](const Request& request) {
                 return JsonAnswer(alerts({request.query.begin(), request.query.end()}));
               });
  }
  if (sources.alert) {
    router.Add(Method::kGet, "/api/v1/alerts/{id}", Access::kAuthorized,
               [alert = sources.alert](const Request& request) {
                 return JsonAnswer(alert(request.path_parameters.at("id")));
               });
  }
}

}  // namespace

void AddAdminRoutes(const AdminSources& sources, Router& router) {
  AddHealthRoutes(sources, router);
  router.Add(Method::kGet, "/version", Access::kAnyone,
             [document = VersionDocument(sources.build)](const Request&) {
               return Response{.body = document};
             });
  if (sources.metrics) {
    router.Add(Method::kGet, "/metrics", Access::kAnyone,
               [metrics = sources.metrics](const Request&) {
                 return Answer(metrics(), metrics::kTextContentType);
               });
  }
  if (sources.status) {
    router.Add(Method::kGet, "/api/v1/status", Access::kAuthorized,
               [status = sources.status](const Request&) { return JsonAnswer(status()); });
  }
  AddAlertRoutes(sources, router);
  if (sources.reload) {
    router.Add(Method::kPost, "/-/reload", Access::kAuthorized,
               [reload = sources.reload](const Request&) { return ReloadAnswer(reload()); });
  }
}

}  // namespace hark::server
