#include "cli/api_caller.h"

#include <optional>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"

#include "alert/alert_store.h"
#include "base/status_macros.h"
#include "cli/daemon_client.h"
#include "cli/data_dir_lock.h"
#include "pipeline/delivery_api.h"
#include "server/router.h"
#include "server/target.h"

namespace hark::cli {
namespace {

class DaemonCaller final : public ApiCaller {
 public:
  explicit DaemonCaller(std::string socket_path) : client_(std::move(socket_path)) {}

  absl::StatusOr<std::string> Call(server::Method method, const std::string& target,
                                   const std::string& body) override {
    return client_.Send(std::string(server::MethodName(method)), target, body);
  }

 private:
  DaemonClient client_;
};

class DatabaseCaller final : public ApiCaller {
 public:
  DatabaseCaller(DataDirLock lock, alert::AlertStore store)
      : lock_(std::move(lock)), store_(std::move(store)) {
    pipeline::AddDeliveryRoutes({.store = &store_}, router_);
  }

  absl::StatusOr<std::string> Call(server::Method method, const std::string& target,
                                   const std::string& body) override {
    ASSIGN_OR_RETURN(const server::Target parsed, server::ParseTarget(target));
    const server::Router::Result result = router_.Find(method, parsed.segments);
    const auto* const found = std::get_if<server::Router::Found>(&result);
    if (found == nullptr) {
      return absl::NotFoundError(absl::StrFormat("there is no %s", target));
    }
    const server::Response response = found->route->handler({.method = method,
                                                             .path_parameters = found->parameters,
                                                             .query = parsed.query,
                                                             .headers = {},
                                                             .body = body,
                                                             .authorized = true});
    if (response.status != kOk) {
      return ErrorOf(response.status, response.body);
    }
    return response.body;
  }

 private:
  static constexpr int kOk = 200;

  DataDirLock lock_;
  alert::AlertStore store_;
  server::Router router_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ApiCaller>> OpenApiCaller(const std::string& data_dir) {
  ASSIGN_OR_RETURN(std::optional<DataDirLock> lock, DataDirLock::TryLock(data_dir));
  if (!lock.has_value()) {
    return std::make_unique<DaemonCaller>(data_dir + "/hark.sock");
  }
  ASSIGN_OR_RETURN(alert::AlertStore store, alert::AlertStore::Open(data_dir + "/hark.db"));
  return std::make_unique<DatabaseCaller>(*std::move(lock), std::move(store));
}

std::string PercentEncoded(const std::string& text) {
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte)) {
      encoded.push_back(c);
    } else {
      absl::StrAppendFormat(&encoded, "%%%02X", byte);
    }
  }
  return encoded;
}

}  // namespace hark::cli
