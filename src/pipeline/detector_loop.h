#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "hark/clock.h"
#include "hark/detector.h"

#include "alert/alert_store.h"
#include "alert/revision.h"
#include "base/log.h"
#include "base/mutex.h"
#include "detect/engine.h"
#include "log/fact_log.h"
#include "log/fact_log_reader.h"
#include "log/snapshot.h"
#include "metrics/engine_metrics.h"
#include "metrics/ingest_metrics.h"
#include "pipeline/quarantine.h"
#include "pipeline/snapshot_keeper.h"
#include "pipeline/source_table.h"
#include "rules/rule_set.h"

namespace hark::pipeline {

// Rules and what they are kept as.
struct NamedRules {
  std::string id;  // rule_archive.h
  std::shared_ptr<const rules::RuleSet> rules;
};

// What metrics call the rules of a set that raise alerts, in their order.
std::vector<metrics::RuleLabel> LabelsOf(const rules::RuleSet& rules);

// The stateful half of a daemon: one thread that reads the fact log, gives each record to the
// detector, commits the revisions to the database, and has snapshots written. A record of a reload
// changes the rules.
//
// What cannot be committed is tried again until it can be; meanwhile nothing is read. A fact log
// that cannot be read ends the thread: failure() says why.
// Thread-safe, but for Start, Stop and the destructor.
class DetectorLoop {
 public:
  struct Options {
    detect::EngineOptions engine;
    Micros snapshot_interval = 0;
    std::uint64_t snapshot_bytes = 0;               // of fact log
    std::uint64_t max_fact_log_bytes = UINT64_MAX;  // from there on snapshots cannot wait
  };
  // All of it outlives the loop.
  struct Parts {
    log::FactLog& fact_log;
    alert::AlertStore& alerts;
    SnapshotKeeper& snapshots;
    Logger& logger;
    metrics::IngestMetrics& ingest_metrics;
    metrics::EngineMetrics& engine_metrics;
    Quarantine* quarantine;  // may be null
    const Clock& clock;
    // The rules of that id.
    std::function<absl::StatusOr<std::shared_ptr<const rules::RuleSet>>(const std::string&)> rules;
    std::function<void()> on_committed;  // revisions are in the database
  };
  // What others are shown.
  struct Status {
    std::uint64_t position = 0;
    Micros watermark = kBeginningOfTime;
    std::string rules;
    DetectorStats stats;
    std::uint64_t revisions = 0;  // committed in this run
    absl::Status commit;          // why revisions cannot be committed now
  };

  DetectorLoop(const Options& options, const Parts& parts);
  ~DetectorLoop();
  DetectorLoop(const DetectorLoop&) = delete;
  DetectorLoop& operator=(const DetectorLoop&) = delete;

  // Goes on behind the snapshot, or begins with the first record of the fact log if there is none.
  // Fails if the snapshot does not fit; DataLoss if it is of records that the fact log has not.
  // REQUIRES: called once.
  absl::Status Start(const log::Snapshot* snapshot);
  // Waits until the record is applied; at most so long. False if it is not, or never will be.
  bool WaitFor(std::uint64_t position, std::chrono::milliseconds at_most)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // The fact log is closed: applies what is left until the deadline, then writes a last snapshot.
  // The outcome of that.
  absl::Status Stop(std::chrono::steady_clock::time_point deadline);
  // The fact log is closed and every source has ended: applies what is left, and judges all that
  // waits. No snapshot is written: nothing goes on from here. What cannot be committed is tried
  // again until `give_up`.
  absl::Status Finish(const std::function<bool()>& give_up);

  // Writes a snapshot soon.
  void RequestSnapshot() { snapshot_requested_ = true; }

  // The rule sets that a start may need: those by which the records from there on were judged.
  std::set<std::string> RulesSince(std::uint64_t position) const ABSL_LOCKS_EXCLUDED(mutex_);

  // Not OK once the thread has ended by itself.
  absl::Status failure() const ABSL_LOCKS_EXCLUDED(mutex_);
  Status status() const ABSL_LOCKS_EXCLUDED(mutex_);
  // Where the sources are, as of the status' position or later.
  SourceTable sources() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  class Collector;

  void Work();
  // False at the end of the log.
  absl::StatusOr<bool> Step();
  absl::Status Restore(const log::Snapshot& snapshot);
  void UseRules(NamedRules rules);
  absl::Status Apply(FactRecord record);
  absl::Status Reload(const std::string& id);
  void CountApplied(const std::string& source);
  // Stores what was collected, however long it takes. False if it was told to stop meanwhile.
  bool Commit(const std::function<bool()>& give_up);
  bool Commit() {
    return Commit([this] { return PastDeadline(); });
  }
  bool IsSnapshotDue() const;
  void Snapshot();
  void SnapshotIfDue();
  absl::Status SnapshotNow();
  void Publish() ABSL_LOCKS_EXCLUDED(mutex_);
  void PublishGauges();
  bool PastDeadline() const;

  const Options options_;
  const Parts parts_;
  NamedRules rules_;
  std::unique_ptr<detect::EpisodeObserver> observer_;
  std::unique_ptr<Detector> detector_;  // null before the first record
  std::uint64_t position_ = 0;          // of the last record that was applied
  std::unique_ptr<Collector> collector_;
  std::unique_ptr<log::FactLogReader> reader_;
  metrics::DetectorTotals totals_;
  DetectorGauges gauges_;                 // kept for its memory
  std::vector<std::uint64_t> evictions_;  // by alert rule: those that were counted
  std::chrono::steady_clock::time_point last_snapshot_, next_gauges_;
  std::uint64_t restored_position_ = 0;
  std::uint64_t bytes_at_snapshot_ = 0;  // that the reader had given
  std::atomic<bool> snapshot_requested_ = false;
  std::atomic<std::int64_t> deadline_;  // steady clock ticks; INT64_MAX: none
  std::thread thread_;

  mutable Mutex mutex_;
  CondVar published_;
  Status shown_ ABSL_GUARDED_BY(mutex_);
  SourceTable sources_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;  // the thread has
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  // Where each rule set began to judge; the first is where this process began.
  std::map<std::uint64_t, std::string> rules_since_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hark::pipeline
