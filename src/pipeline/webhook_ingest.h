#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"

#include "base/mutex.h"
#include "log/fact_log.h"
#include "metrics/registry.h"
#include "parse/event_list.h"
#include "pipeline/batch_judge.h"
#include "pipeline/quarantine.h"
#include "pipeline/source_progress.h"
#include "pipeline/source_table.h"
#include "pipeline/webhook_source.h"
#include "rules/rule_set.h"
#include "server/audit_sink.h"

namespace hark::pipeline {

// The stateless half for what API servers post. Some threads judge the bodies and append their
// facts to the fact log; another one waits until they are on the disk, and only then says that they
// are stored. Meanwhile the next bodies are judged, so one sync serves many.
//
//   Take ─▶ waiting ─▶ judges ─▶ fact log ─▶ stored ─▶ done(kStored)
//                        └ kNotEvents           └ kUnavailable: the disk failed
//
// What comes while too much waits is kBusy at once. A body whose facts could not be stored is sent
// again by the API server; if a part of it was stored, that part collapses with its copy.
// Thread-safe, but for Start, Stop and the destructor.
class WebhookIngest final : public server::AuditSink {
 public:
  struct Listener {
    std::string name;  // AuditBody::listener
    Micros lateness = 0;
  };
  struct Options {
    std::vector<Listener> listeners;
    int threads = 1;
    std::size_t max_record_bytes = std::size_t{64} << 20;  // of one event
    std::size_t max_waiting = 64;                          // bodies that are not stored yet
    Quarantine* quarantine = nullptr;                      // may be null; outlives the ingest
  };
  // More are refused: on a listener without credentials a caller chooses the name.
  static constexpr std::size_t kMaxSources = 1000;

  // The sources of the listeners that have not ended in earlier runs are gone on with. The context
  // outlives it.
  WebhookIngest(Options options, const LiveContext& context,
                std::shared_ptr<const rules::RuleSet> rules, const SourceTable& past);
  ~WebhookIngest() override;
  WebhookIngest(const WebhookIngest&) = delete;
  WebhookIngest& operator=(const WebhookIngest&) = delete;

  // Whether a source's name is one of its listeners'.
  bool Owns(std::string_view name) const;

  void Start();
  // As LiveIngest::Pause.
  void Pause(const std::function<std::shared_ptr<const rules::RuleSet>()>& action)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // To be called every second.
  void Tick() ABSL_LOCKS_EXCLUDED(mutex_);
  // Bodies that are taken from now on, and those that nobody judges yet, are kUnavailable.
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);

  // By name.
  std::vector<LiveSourceStatus> Status() const ABSL_LOCKS_EXCLUDED(mutex_);

  void OnOpen(std::string_view listener, std::string_view cluster) override
      ABSL_LOCKS_EXCLUDED(mutex_);
  void OnClose(std::string_view listener, std::string_view cluster) override
      ABSL_LOCKS_EXCLUDED(mutex_);
  void Take(server::AuditBody body, std::function<void(server::AuditOutcome)> done) override
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using Done = std::function<void(server::AuditOutcome)>;
  struct Job {
    server::AuditBody body;
    Done done;
  };
  // All records of a body, appended in this order.
  struct Ack {
    std::vector<log::Appended> appended;
    WebhookSource* source = nullptr;
    Done done;
  };
  // What a thread keeps from body to body.
  struct Scratch;

  void Work() ABSL_LOCKS_EXCLUDED(mutex_);
  // Says what became of each body, once it is known.
  void Acknowledge() ABSL_LOCKS_EXCLUDED(mutex_);
  // False when it is to stop.
  bool Next(Job& job) ABSL_LOCKS_EXCLUDED(mutex_);
  void Finish(const Done& done, server::AuditOutcome outcome) ABSL_LOCKS_EXCLUDED(mutex_);
  // Null if there are too many.
  WebhookSource* SourceOf(std::string_view listener, std::string_view cluster)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Judges and appends a body. kStored: `appended` is to be waited for.
  server::AuditOutcome Judge(server::AuditBody& body, WebhookSource& source, Scratch& scratch,
                             std::vector<log::Appended>& appended);
  server::AuditOutcome AppendRuns(const parse::EventList& list, WebhookSource& source,
                                  std::uint64_t offset, Scratch& scratch,
                                  std::vector<log::Appended>& appended);
  // No reason: it is JSON, but of something else.
  server::AuditOutcome Refuse(const server::AuditBody& body, std::optional<RejectReason> reason,
                              WebhookSource& source);
  server::AuditOutcome OnAppendFailure(const absl::Status& status, WebhookSource& source);

  const Options options_;
  const LiveContext& context_;
  mutable Mutex mutex_;
  CondVar changed_;
  // By name; they stay.
  std::map<std::string, std::unique_ptr<WebhookSource>> sources_ ABSL_GUARDED_BY(mutex_);
  std::deque<Job> jobs_ ABSL_GUARDED_BY(mutex_);
  std::deque<Ack> acks_ ABSL_GUARDED_BY(mutex_);
  std::size_t waiting_ ABSL_GUARDED_BY(mutex_) = 0;    // bodies taken and not done
  std::size_t under_way_ ABSL_GUARDED_BY(mutex_) = 0;  // that a thread judges
  std::shared_ptr<const rules::RuleSet> rules_ ABSL_GUARDED_BY(mutex_);
  bool paused_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  bool judged_all_ ABSL_GUARDED_BY(mutex_) = false;  // stopped, and no thread judges any more
  std::vector<std::thread> threads_;
  std::thread acknowledger_;
};

}  // namespace hark::pipeline
