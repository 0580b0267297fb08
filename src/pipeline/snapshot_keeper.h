#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"

#include "hark/clock.h"
#include "hark/state.h"

#include "alert/alert_store.h"
#include "base/log.h"
#include "base/mutex.h"
#include "log/fact_log.h"
#include "log/snapshot_store.h"
#include "metrics/log_metrics.h"

namespace hark::pipeline {

// A state that is to be written down.
struct SnapshotRequest {
  std::unique_ptr<FrozenState> detector;
  std::string sources;         // SourceTable::Save
  std::uint64_t position = 0;  // of the last record that it has seen
  std::string rules;           // id of the rule set (rule_archive.h)
};

// Writes snapshots on a thread of its own, one at a time, and lets segments of the fact log go that
// only older ones need. A snapshot gets its name only after the database has
// its number. One that fails is reported; the next one is a new chance.
// Thread-safe, but for Stop and the destructor.
class SnapshotKeeper {
 public:
  // All of it outlives the keeper, which is the only user of `snapshots`.
  struct Parts {
    log::SnapshotStore& snapshots;
    log::FactLog& fact_log;
    alert::AlertStore& alerts;
    Logger& logger;
    const metrics::LogMetrics& metrics;
    const Clock& clock;
  };
  explicit SnapshotKeeper(const Parts& parts);
  ~SnapshotKeeper();
  SnapshotKeeper(const SnapshotKeeper&) = delete;
  SnapshotKeeper& operator=(const SnapshotKeeper&) = delete;

  // True while one is being written: Write must then wait.
  bool is_busy() const ABSL_LOCKS_EXCLUDED(mutex_);
  // REQUIRES: not busy; all revisions up to the position are in the database.
  void Write(SnapshotRequest request) ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits until it is not busy; the outcome of the last one.
  absl::Status Wait() ABSL_LOCKS_EXCLUDED(mutex_);

  // Of the newest snapshot that this run has written; 0 before the first.
  std::uint64_t position() const ABSL_LOCKS_EXCLUDED(mutex_);
  // The first record that a start may need; 1 while that is not known.
  std::uint64_t keep_from() const ABSL_LOCKS_EXCLUDED(mutex_);

  // Where the sources were at the oldest snapshot that a start may use, as SourceTable::Save gave
  // it: nothing before that is needed any more. nullopt while that is not known.
  std::optional<std::string> oldest_sources() const ABSL_LOCKS_EXCLUDED(mutex_);

  // Waits for the snapshot that is under way, if there is one.
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Work() ABSL_LOCKS_EXCLUDED(mutex_);
  struct Written {
    std::uint64_t position = 0;
    std::string sources;
  };

  absl::Status WriteOne(SnapshotRequest request);
  void LetGo(Written written) ABSL_LOCKS_EXCLUDED(mutex_);

  const Parts parts_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::unique_ptr<SnapshotRequest> request_ ABSL_GUARDED_BY(mutex_);
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status last_ ABSL_GUARDED_BY(mutex_);
  std::uint64_t position_ ABSL_GUARDED_BY(mutex_) = 0;
  std::uint64_t keep_from_ ABSL_GUARDED_BY(mutex_) = 1;
  std::deque<Written> written_ ABSL_GUARDED_BY(mutex_);  // in this run, those still kept
  std::thread thread_;
};

}  // namespace hark::pipeline
