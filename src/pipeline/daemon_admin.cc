#include <utility>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"

#include "alert/alert_page.h"
#include "alert/alert_query.h"
#include "alert/alert_reader.h"
#include "base/file_system.h"
#include "base/status_macros.h"
#include "pipeline/daemon_impl.h"
#include "pipeline/daemon_status.h"
#include "pipeline/delivery_api.h"

namespace hark::pipeline {
namespace {

constexpr std::chrono::seconds kReloadPatience(20);
constexpr std::chrono::seconds kLongestRound(120);

}  // namespace

absl::Status Daemon::Impl::StartServer() {
  server::Router router;
  server::AddAdminRoutes(AdminSourcesOf(), router);
  AddDeliveryRoutes({.store = &store_.alerts, .changed = [this] { return ReloadDeliveries(); }},
                    router);
  ASSIGN_OR_RETURN(server_, server::HttpServer::Start(
                                {.listen = setup_.config.admin.listen,
                                 .unix_socket = JoinPath(setup_.config.data_dir, "hark.sock"),
                                 .token_file = setup_.config.admin.token_file,
                                 .log = &logger_},
                                std::move(router)));
  return absl::OkStatus();
}

server::AdminSources Daemon::Impl::AdminSourcesOf() {
  return {.build = {.version = options_.version, .commit = options_.commit},
          .live = [this]() -> std::vector<server::ReadinessCheck> {
            return {{.name = "daemon", .status = Liveness()}};
          },
          .ready = [this] { return Readiness(); },
          .metrics = [this] { return Metrics(); },
          .status = [this] { return StatusDocument(); },
          .alerts = [this](const server::QueryParameters& query) { return Alerts(query); },
          .alert = [this](const std::string& id) { return AlertOf(id); },
          .reload = [this] { return RequestReload(); }};
}

absl::Status Daemon::Impl::ReloadDeliveries() const {
  const std::shared_ptr<alert::Dispatcher> outputs = dispatcher();
  if (outputs == nullptr) {
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(outputs->ReloadSilences());
  outputs->Notify();
  return absl::OkStatus();
}

std::shared_ptr<alert::Dispatcher> Daemon::Impl::dispatcher() const {
  const MutexLock lock(mutex_);
  return dispatcher_;
}

std::vector<server::ReadinessCheck> Daemon::Impl::Readiness() const {
  std::string starting;
  {
    const MutexLock lock(mutex_);
    starting = starting_;
  }
  std::vector<server::ReadinessCheck> checks = {
      {.name = "config", .status = absl::OkStatus()},
      {.name = "state",
       .status = starting.empty() ? absl::OkStatus() : absl::UnavailableError(starting)}};
  if (detector_started_) {
    absl::Status status = detector_->failure();
    status.Update(detector_->status().commit);
    checks.push_back({.name = "detector", .status = std::move(status)});
  }
  if (ingest_started_ && !setup_.config.sources.kafka.empty()) {
    checks.push_back({.name = "kafka", .status = KafkaReadiness()});
  }
  return checks;
}

absl::StatusOr<std::string> Daemon::Impl::Metrics() const {
  bool ready = true;
  for (const server::ReadinessCheck& check : Readiness()) {
    ready = ready && check.status.ok();
  }
  self_metrics_.Ready(ready);
  return registry_.Text();
}

absl::StatusOr<std::string> Daemon::Impl::StatusDocument() const {
  DaemonStatus status;
  status.version = options_.version;
  status.commit = options_.commit;
  status.data_dir = setup_.config.data_dir;
  status.started = started_;
  status.now = WallNow();
  for (const server::ReadinessCheck& check : Readiness()) {
    if (!check.status.ok()) {
      status.not_ready.push_back(absl::StrFormat("%s: %s", check.name, check.status.message()));
    }
  }
  status.ready = status.not_ready.empty();
  if (detector_started_) {
    status.detector = detector_->status();
  }
  status.fact_log = store_.fact_log->stats();  // after the detector's, which is never ahead
  if (ingest_started_) {
    status.sources = SourceStatus();
  }
  if (const auto outputs = dispatcher()) {
    status.outputs = outputs->Status();
  }
  {
    const MutexLock lock(mutex_);
    const auto rules = compiled_.find(status.detector.rules);
    status.rules = rules == compiled_.end() ? 0 : rules->second->alert_rules.size();
  }
  return ToJson(status);
}

absl::StatusOr<std::string> Daemon::Impl::Alerts(const server::QueryParameters& parameters) const {
  ASSIGN_OR_RETURN(const alert::AlertQuery query, alert::ParseAlertQuery(parameters, WallNow()));
  ASSIGN_OR_RETURN(alert::AlertReader reader, store_.alerts.OpenReader());
  ASSIGN_OR_RETURN(const alert::AlertPage page, reader.Query(query));
  return alert::ToJson(page);
}

absl::StatusOr<std::string> Daemon::Impl::AlertOf(const std::string& id) const {
  ASSIGN_OR_RETURN(alert::AlertReader reader, store_.alerts.OpenReader());
  ASSIGN_OR_RETURN(const alert::AlertPage page, reader.RevisionsOf(id));
  if (page.alerts.empty()) {
    return absl::NotFoundError("there is no alert of that id");
  }
  return alert::ToJson(page);
}

std::vector<std::string> Daemon::Impl::RequestReload() {
  std::future<std::vector<std::string>> answer;
  {
    const MutexLock lock(mutex_);
    if (stopping_) {
      return {"hark is stopping"};
    }
    if (reload_.has_value()) {
      return {"another reload is under way"};
    }
    answer = reload_.emplace().get_future();
  }
  if (answer.wait_for(kReloadPatience) != std::future_status::ready) {
    return {"the reload takes long: see hark_config_last_reload_successful"};
  }
  return answer.get();
}

absl::Status Daemon::Impl::Liveness() const {
  const std::int64_t heartbeat = heartbeat_;
  const auto age = std::chrono::steady_clock::now().time_since_epoch() -
                   std::chrono::steady_clock::duration(heartbeat);
  if (heartbeat != 0 && age > kLongestRound) {
    return absl::UnavailableError("the main loop does not come round");
  }
  return detector_started_ ? detector_->failure() : absl::OkStatus();
}

}  // namespace hark::pipeline
