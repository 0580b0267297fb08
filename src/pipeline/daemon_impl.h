#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "hark/clock.h"

#include "alert/dispatcher.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/steady_clock.h"
#include "base/systemd_notify.h"
#include "metrics/delivery_metrics.h"
#include "metrics/engine_metrics.h"
#include "metrics/ingest_metrics.h"
#include "metrics/log_metrics.h"
#include "metrics/registry.h"
#include "metrics/self_metrics.h"
#include "metrics/store_metrics.h"
#include "pipeline/daemon.h"
#include "pipeline/daemon_store.h"
#include "pipeline/detector_loop.h"
#include "pipeline/file_watch.h"
#include "pipeline/kafka_sources.h"
#include "pipeline/live_ingest.h"
#include "pipeline/quarantine.h"
#include "pipeline/retention_keeper.h"
#include "pipeline/run_clock.h"
#include "pipeline/snapshot_keeper.h"
#include "pipeline/source_finder.h"
#include "pipeline/webhook_listeners.h"
#include "server/admin_api.h"
#include "server/http_server.h"

namespace hark::pipeline {

// How often a daemon looks for requests.
constexpr std::chrono::milliseconds kTick(200);

inline Micros WallNow() {
  return absl::ToUnixMicros(Clock::System().Now());
}

// The parts of a daemon, in the order in which they begin. Run and what it calls are of one
// thread; what the administration endpoints ask is answered on theirs.
class Daemon::Impl {
 public:
  Impl(DaemonSetup setup, DaemonOptions options, DaemonStore store);
  ~Impl();

  absl::Status Run();

 private:
  // --- daemon.cc
  absl::Status Start();
  absl::Status StartDetector();
  // What is counted of rules begins at 0, before they judge anything.
  void CountRules();
  // Until a request to stop. An error is why hark cannot go on.
  absl::Status Serve();
  bool IsAskedToStop();
  void WatchFiles();
  void Tick();
  void TickSlowly();
  void WarnOfLateEvents();
  // `has_worked`: it was asked to stop, or has drained its sources.
  absl::Status Stop(bool has_worked);
  bool HasEverythingBeenRead(std::vector<std::string>& unread) const;
  absl::Status FinishDetector();
  absl::Status DrainOutputs(std::chrono::steady_clock::time_point deadline);
  absl::Status failure() const;

  // --- daemon_sources.cc
  LiveContext LiveContextOf();
  absl::Status StartIngest();
  absl::Status StartListeners(const SourceTable& past);
  // Whether a source is not one of followed files.
  bool IsOthers(const std::string& name) const;
  // Adds the sources that are there; to drain them, all of them.
  absl::Status FindFirst();
  void TickSources();
  void StopSources();
  // LiveIngest::Pause of all sources.
  void PauseSources(const std::function<std::shared_ptr<const rules::RuleSet>()>& action);
  std::vector<LiveSourceStatus> SourceStatus() const;
  absl::Status KafkaReadiness() const;
  // Of the listeners, separated by commas.
  std::string WebhookPorts() const;

  // --- daemon_reload.cc
  std::vector<std::string> Reload();
  // All of it that a reload can change, or nothing.
  absl::Status UseSetup(const DaemonSetup& setup);
  // Lets the fact log say that from here on the rules judge; then they do.
  absl::Status UseRules(const NamedRules& rules, const std::vector<rules::RuleFile>& files);
  void UseConfig(const config::Config& config);
  absl::Status StartOutputs(const config::Config& config);
  // Silences or dead letters were changed.
  absl::Status ReloadDeliveries() const ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<std::shared_ptr<const rules::RuleSet>> RulesOf(const std::string& id)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void AnswerReload() ABSL_LOCKS_EXCLUDED(mutex_);
  void RefuseReloads() ABSL_LOCKS_EXCLUDED(mutex_);
  void RemoveOldRules();

  // --- daemon_admin.cc
  absl::Status StartServer();
  server::AdminSources AdminSourcesOf();
  absl::Status Liveness() const;
  std::vector<server::ReadinessCheck> Readiness() const ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<std::string> Metrics() const ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<std::string> StatusDocument() const ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<std::string> Alerts(const server::QueryParameters& parameters) const;
  absl::StatusOr<std::string> AlertOf(const std::string& id) const;
  std::vector<std::string> RequestReload() ABSL_LOCKS_EXCLUDED(mutex_);
  std::shared_ptr<alert::Dispatcher> dispatcher() const ABSL_LOCKS_EXCLUDED(mutex_);

  DaemonSetup setup_;
  const DaemonOptions options_;
  const Micros started_;
  Logger logger_;
  const SystemdNotifier notifier_;

  metrics::Registry registry_;
  metrics::SelfMetrics self_metrics_;
  metrics::IngestMetrics ingest_metrics_;
  metrics::EngineMetrics engine_metrics_;
  metrics::LogMetrics log_metrics_;
  metrics::DeliveryMetrics delivery_metrics_;
  metrics::StoreMetrics store_metrics_;

  DaemonStore store_;
  const SteadyClock steady_clock_;
  RetentionKeeper retention_;
  std::unique_ptr<Quarantine> quarantine_;
  NamedRules rules_;  // that the sources' events are matched with
  std::shared_ptr<const metrics::RuleMetrics> rule_metrics_;
  std::unique_ptr<SnapshotKeeper> snapshots_;
  std::unique_ptr<DetectorLoop> detector_;

  const SteadyClock steady_;  // of deliveries, over reloads
  std::optional<RunClock> clock_;
  std::atomic<Micros> highest_time_ = kBeginningOfTime;
  std::atomic<std::uint64_t> events_ = 0;
  std::optional<LiveContext> context_;
  std::unique_ptr<SourceFinder> finder_;  // outlives the sources, which tell it of errors
  std::unique_ptr<KafkaSources> kafka_;   // outlives the sources that it has given away
  std::unique_ptr<LiveIngest> ingest_;
  std::unique_ptr<WebhookListeners> webhooks_;    // null without any
  std::optional<std::string> committed_sources_;  // to the consumer groups
  std::optional<FileWatch> watch_;

  // What the endpoints may look at: set once each is there for good.
  std::atomic<bool> detector_started_ = false;
  std::atomic<bool> ingest_started_ = false;
  std::atomic<std::int64_t> heartbeat_ = 0;  // steady clock, of Serve's last round; 0: not yet

  std::chrono::steady_clock::time_point next_tick_, next_late_check_, next_watchdog_;
  bool outputs_stand_ = false;  // not after a reload that could not start any
  std::uint64_t late_seen_ = 0, events_seen_ = 0, failed_writes_seen_ = 0;

  mutable Mutex mutex_;
  // Compiled rule sets that the fact log may name, by id.
  std::map<std::string, std::shared_ptr<const rules::RuleSet>> compiled_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<alert::Dispatcher> dispatcher_ ABSL_GUARDED_BY(mutex_);
  // Asked for over HTTP; one at a time.
  std::optional<std::promise<std::vector<std::string>>> reload_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  // What keeps the daemon from being ready; empty: nothing.
  std::string starting_ ABSL_GUARDED_BY(mutex_) = "the state is being restored";

  // The last to begin and the first to go: it calls the others.
  std::unique_ptr<server::HttpServer> server_;
};

}  // namespace hark::pipeline
