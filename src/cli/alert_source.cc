#include "cli/alert_source.h"

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"

#include "alert/alert_reader.h"
#include "base/status_macros.h"
#include "cli/daemon_client.h"
#include "cli/data_dir_lock.h"

namespace hark::cli {
namespace {

class DatabaseAlerts final : public AlertSource {
 public:
  DatabaseAlerts(DataDirLock lock, alert::AlertReader reader)
      : lock_(std::move(lock)), reader_(std::move(reader)) {}

  absl::StatusOr<alert::AlertPage> Query(const alert::AlertQuery& query) override {
    return reader_.Query(query);
  }
  absl::StatusOr<alert::AlertPage> RevisionsOf(const std::string& id) override {
    return reader_.RevisionsOf(id);
  }

 private:
  DataDirLock lock_;
  alert::AlertReader reader_;
};

class DaemonAlerts final : public AlertSource {
 public:
  explicit DaemonAlerts(std::string socket_path) : client_(std::move(socket_path)) {}

  absl::StatusOr<alert::AlertPage> Query(const alert::AlertQuery& query) override {
    return Get("/api/v1/alerts?" + alert::ToQueryString(query));
  }
  absl::StatusOr<alert::AlertPage> RevisionsOf(const std::string& id) override {
    return Get("/api/v1/alerts/" + id);
  }

 private:
  absl::StatusOr<alert::AlertPage> Get(const std::string& target) const {
    ASSIGN_OR_RETURN(const std::string answer, client_.Get(target));
    absl::StatusOr<alert::AlertPage> page = alert::ParseAlertPage(answer);
    if (!page.ok()) {
      return absl::UnavailableError(absl::StrFormat(
          "the daemon answers what this hark does not understand: %s", page.status().message()));
    }
    return page;
  }

  DaemonClient client_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<AlertSource>> OpenAlertSource(const std::string& data_dir) {
  ASSIGN_OR_RETURN(std::optional<DataDirLock> lock, DataDirLock::TryLock(data_dir));
  if (!lock.has_value()) {
    return std::make_unique<DaemonAlerts>(data_dir + "/hark.sock");
  }
  ASSIGN_OR_RETURN(alert::AlertReader reader, alert::AlertReader::Open(data_dir + "/hark.db"));
  return std::make_unique<DatabaseAlerts>(*std::move(lock), std::move(reader));
}

}  // namespace hark::cli
