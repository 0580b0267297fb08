#include "pipeline/daemon.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"

#include "base/file_system.h"
#include "base/status_macros.h"
#include "pipeline/daemon_impl.h"

namespace hark::pipeline {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::seconds kSlowTick(1);
constexpr std::chrono::seconds kLateInterval(60);
// Over it the lateness bound is too small, or a clock is wrong.
constexpr double kMuchLate = 0.001;

Logger::Options LoggerOptions(const config::LogConfig& config) {
  return {
      .level = static_cast<LogLevel>(config.level),
      .format = config.format == config::LogFormat::kJson ? LogFormat::kJson : LogFormat::kText};
}

std::string ListNames(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    text += (text.empty() ? "" : "; ") + name;
  }
  return text;
}

}  // namespace

Daemon::Daemon(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Daemon::~Daemon() = default;

absl::StatusOr<std::unique_ptr<Daemon>> Daemon::Create(DaemonSetup setup, DaemonOptions options) {
  const config::Config& config = setup.config;
  ASSIGN_OR_RETURN(
      DaemonStore store,
      OpenDaemonStore(
          FileSystem::Posix(),
          {.data_dir = config.data_dir,
           .fact_log = {.segment_bytes = static_cast<std::uint64_t>(config.fact_log.segment_bytes)},
           .engine = {.max_state_bytes = static_cast<std::uint64_t>(config.state.max_bytes)},
           .rules = setup.rules,
           .drain = options.drain}));
  return std::unique_ptr<Daemon>(
      new Daemon(std::make_unique<Impl>(std::move(setup), std::move(options), std::move(store))));
}

absl::Status Daemon::Run() {
  return impl_->Run();
}

Daemon::Impl::Impl(DaemonSetup setup, DaemonOptions options, DaemonStore store)
    : setup_(std::move(setup)),
      options_(std::move(options)),
      started_(WallNow()),
      logger_(LoggerOptions(setup_.config.log)),
      notifier_(SystemdNotifier::FromEnvironment()),
      self_metrics_(registry_, options_.version, options_.commit),
      ingest_metrics_(registry_),
      engine_metrics_(registry_),
      log_metrics_(registry_),
      delivery_metrics_(registry_),
      store_metrics_(registry_),
      store_(std::move(store)),
      retention_(setup_.config.alerts, {.alerts = store_.alerts,
                                        .logger = logger_,
                                        .store_metrics = store_metrics_,
                                        .delivery_metrics = delivery_metrics_,
                                        .clock = steady_clock_}) {
  metrics::AddProcessMetrics(registry_);
  engine_metrics_.StateBudget(static_cast<std::uint64_t>(setup_.config.state.max_bytes));
  log_metrics_.FactLogBound(static_cast<std::uint64_t>(setup_.config.fact_log.max_bytes));
  WatchFiles();
  rules_ = {.id = RuleSetId(*setup_.rules, setup_.rule_files), .rules = setup_.rules};
  const MutexLock lock(mutex_);
  compiled_[rules_.id] = rules_.rules;
}

Daemon::Impl::~Impl() {
  server_.reset();
}

absl::Status Daemon::Impl::Run() {
  absl::Status status = Start();
  if (status.ok() && !store_.is_draining) {
    status = Serve();
  }
  absl::Status stopped = Stop(status.ok());
  logger_.ReportSuppressed(Logger::Suppressed::kAll);
  if (absl::IsCancelled(status)) {
    return stopped;
  }
  return status.ok() ? stopped : status;
}

void Daemon::Impl::WatchFiles() {
  std::vector<std::string> paths =
      options_.watched ? options_.watched(setup_.config) : std::vector<std::string>();
  if (webhooks_ != nullptr) {
    const std::vector<std::string> files = webhooks_->files();
    paths.insert(paths.end(), files.begin(), files.end());
  }
  if (paths.empty()) {
    watch_.reset();
  } else if (!watch_.has_value() || watch_->paths() != paths) {
    watch_.emplace(paths);
  }
}

bool Daemon::Impl::IsAskedToStop() {
  const DaemonRequest request = options_.next_request(std::chrono::milliseconds(0));
  return request == DaemonRequest::kStop;
}

absl::Status Daemon::Impl::Start() {
  for (const std::string& skipped : store_.skipped) {
    logger_.Write({.level = LogLevel::kWarning,
                   .key = "snapshot_skipped",
                   .text = "A snapshot cannot be used; an older one and the fact log give the same "
                           "state.",
                   .about = skipped},
                  {{"reason", std::string_view(skipped)}});
  }
  if (const std::uint64_t cut = store_.fact_log->stats().cut_bytes; cut > 0) {
    log_metrics_.TornTailCut();
    logger_.Write({.level = LogLevel::kWarning,
                   .key = "torn_tail",
                   .text = "The fact log ended within a record, as after a kill or a loss of "
                           "power. Its torn end was cut; what it came from is read again."},
                  {{"bytes", cut}});
  }
  if (const config::QuarantineConfig& config = setup_.config.quarantine; !config.path.empty()) {
    ASSIGN_OR_RETURN(
        quarantine_,
        Quarantine::Create(config.path, config.raw ? Quarantine::Raw::kYes : Quarantine::Raw::kNo));
  }
  RETURN_IF_ERROR(StartServer());
  RETURN_IF_ERROR(StartOutputs(setup_.config));
  RETURN_IF_ERROR(StartDetector());
  if (store_.is_draining) {
    return absl::OkStatus();  // all that may be judged is in the fact log
  }
  RETURN_IF_ERROR(StartIngest());
  self_metrics_.ReloadSucceeded(WallNow());
  {
    const MutexLock lock(mutex_);
    starting_.clear();
  }
  notifier_.Ready().IgnoreError();
  logger_.Write(
      {.key = "started", .text = "hark follows its sources; /readyz says if it reaches all."},
      {{"data_dir", std::string_view(setup_.config.data_dir)},
       {"rules", std::uint64_t{rules_.rules->alert_rules.size()}},
       {"admin_port", std::uint64_t{server_->port()}},
       {"webhook_ports", std::string_view(WebhookPorts())}});
  return absl::OkStatus();
}

absl::Status Daemon::Impl::StartDetector() {
  const config::Config& config = setup_.config;
  snapshots_ =
      std::make_unique<SnapshotKeeper>(SnapshotKeeper::Parts{.snapshots = *store_.snapshots,
                                                             .fact_log = *store_.fact_log,
                                                             .alerts = store_.alerts,
                                                             .logger = logger_,
                                                             .metrics = log_metrics_,
                                                             .clock = Clock::System()});
  detector_ = std::make_unique<DetectorLoop>(
      DetectorLoop::Options{
          .engine = {.max_state_bytes = static_cast<std::uint64_t>(config.state.max_bytes)},
          .snapshot_interval = config.snapshot.interval,
          .snapshot_bytes = static_cast<std::uint64_t>(config.snapshot.bytes),
          .max_fact_log_bytes = static_cast<std::uint64_t>(config.fact_log.max_bytes)},
      DetectorLoop::Parts{.fact_log = *store_.fact_log,
                          .alerts = store_.alerts,
                          .snapshots = *snapshots_,
                          .logger = logger_,
                          .ingest_metrics = ingest_metrics_,
                          .engine_metrics = engine_metrics_,
                          .quarantine = quarantine_.get(),
                          .clock = Clock::System(),
                          .rules = [this](const std::string& id) { return RulesOf(id); },
                          .on_committed = [this] { dispatcher()->Notify(); }});
  RETURN_IF_ERROR(detector_->Start(store_.snapshot.has_value() ? &*store_.snapshot : nullptr));
  detector_started_ = true;
  // The sources are gone on with where the last records say.
  const std::uint64_t end = store_.fact_log->stats().durable_position;
  while (!detector_->WaitFor(end, kTick)) {
    RETURN_IF_ERROR(detector_->failure());
    notifier_.Watchdog().IgnoreError();
    if (IsAskedToStop()) {
      return absl::CancelledError("stopped before all was restored");
    }
  }
  store_.snapshot.reset();
  return absl::OkStatus();
}

void Daemon::Impl::CountRules() {
  const std::vector<metrics::RuleLabel> rules = LabelsOf(*rules_.rules);
  rule_metrics_ = engine_metrics_.LoadRules(rules);
  for (const metrics::RuleLabel& rule : rules) {
    delivery_metrics_.AddRule(rule.text());
  }
}

absl::Status Daemon::Impl::failure() const {
  return detector_->failure();
}

absl::Status Daemon::Impl::Serve() {
  while (true) {
    const DaemonRequest request = options_.next_request(kTick);
    heartbeat_ = SteadyClock::now().time_since_epoch().count();
    if (request == DaemonRequest::kStop) {
      return absl::OkStatus();
    }
    if (request == DaemonRequest::kReload) {
      Reload();
    } else if (request == DaemonRequest::kReopen) {
      dispatcher()->Reopen();
    }
    AnswerReload();
    Tick();
    RETURN_IF_ERROR(failure());
    std::vector<std::string> errors;
    if (options_.drain && ingest_->HasEnded(errors)) {
      return absl::OkStatus();
    }
  }
}

void Daemon::Impl::Tick() {
  const auto now = SteadyClock::now();
  if (const auto& timeout = notifier_.watchdog_timeout(); timeout.has_value()) {
    if (now >= next_watchdog_) {
      notifier_.Watchdog().IgnoreError();
      next_watchdog_ = now + absl::ToChronoMilliseconds(*timeout / 3);
    }
  }
  if (now >= next_tick_) {
    next_tick_ = now + kSlowTick;
    TickSlowly();
  }
}

void Daemon::Impl::TickSlowly() {
  TickSources();
  if (!options_.drain && watch_.has_value() && watch_->HasChanged()) {
    Reload();
  }
  if (!outputs_stand_) {
    StartOutputs(setup_.config).IgnoreError();  // it is tried again
  }
  const log::FactLogStats stats = store_.fact_log->stats();
  log_metrics_.FactLogBytes(stats.bytes);
  if (stats.oldest_time.has_value()) {
    log_metrics_.FactLogOldestAge(std::max<Micros>(WallNow() - *stats.oldest_time, 0));
  }
  for (; failed_writes_seen_ < stats.failed_groups; ++failed_writes_seen_) {
    log_metrics_.FactLogWriteFailed();
  }
  if (quarantine_ != nullptr) {
    if (const absl::Status written = quarantine_->Finish(); !written.ok()) {
      logger_.Write({.level = LogLevel::kWarning,
                     .key = "quarantine_failed",
                     .text = "The quarantine cannot be written."},
                    {ErrorField(written)});
    }
  }
  if (SteadyClock::now() >= next_late_check_) {
    next_late_check_ = SteadyClock::now() + kLateInterval;
    WarnOfLateEvents();
  }
  RemoveOldRules();
  retention_.Tick();
  logger_.ReportSuppressed(Logger::Suppressed::kDue);
}

void Daemon::Impl::WarnOfLateEvents() {
  const DetectorStats stats = detector_->status().stats;
  const std::uint64_t late = stats.late + stats.too_late - late_seen_;
  const std::uint64_t events = events_ - events_seen_;
  late_seen_ += late;
  events_seen_ += events;
  if (late > 0 && static_cast<double>(late) > kMuchLate * static_cast<double>(events)) {
    logger_.Write({.level = LogLevel::kWarning,
                   .key = "many_late",
                   .text = "Over 0.1 % of the last minute's events came later than the lateness "
                           "bound of their source. Raise it, or look for a clock that is wrong."},
                  {{"late", late}, {"events", events}});
  }
}

absl::Status Daemon::Impl::Stop(bool has_worked) {
  notifier_.Stopping().IgnoreError();
  RefuseReloads();
  const auto deadline =
      SteadyClock::now() + std::chrono::microseconds(setup_.config.shutdown.deadline);
  StopSources();
  store_.fact_log->Close();
  std::vector<std::string> unread;
  absl::Status status;
  if (detector_ != nullptr) {
    const bool ends = has_worked && options_.drain && HasEverythingBeenRead(unread);
    status = ends ? FinishDetector() : detector_->Stop(deadline);
    status.Update(DrainOutputs(deadline));
    if (ends && status.ok()) {
      status = store_.directory.MarkEnded();
    }
  }
  if (!unread.empty()) {
    status.Update(absl::UnavailableError(
        absl::StrFormat("not everything could be read, so %s has not ended; run --drain again. %s",
                        setup_.config.data_dir, ListNames(unread))));
  }
  server_.reset();
  if (quarantine_ != nullptr) {
    quarantine_->Finish().IgnoreError();
  }
  return status;
}

bool Daemon::Impl::HasEverythingBeenRead(std::vector<std::string>& unread) const {
  if (store_.is_draining) {
    return true;
  }
  if (!ingest_->HasEnded(unread)) {
    unread.emplace_back("it was stopped before");
  }
  for (const std::string& path : finder_->EmptyEntries()) {
    unread.push_back(absl::StrFormat("there is no file for %s", path));
  }
  return unread.empty();
}

absl::Status Daemon::Impl::FinishDetector() {
  RETURN_IF_ERROR(store_.directory.MarkDraining());
  return detector_->Finish([this] { return IsAskedToStop(); });
}

absl::Status Daemon::Impl::DrainOutputs(std::chrono::steady_clock::time_point deadline) {
  const auto outputs = dispatcher();
  if (outputs == nullptr) {
    return absl::OkStatus();
  }
  const auto left = std::max(deadline - SteadyClock::now(), SteadyClock::duration::zero());
  using Patience = alert::Dispatcher::Patience;
  absl::Status drained = outputs->Drain(
      absl::FromChrono(left), options_.drain ? Patience::kToTheEnd : Patience::kWhileItWorks);
  outputs->Stop();
  if (!drained.ok()) {
    logger_.Write({.level = LogLevel::kWarning,
                   .key = "not_delivered",
                   .text = "Some outputs have not got everything. They will after the next start."},
                  {ErrorField(drained)});
  }
  return options_.drain ? drained : absl::OkStatus();
}

}  // namespace hark::pipeline
