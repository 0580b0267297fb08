#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "hark/detector.h"
#include "hark/fact.h"
#include "hark/source.h"

#include "base/mutex.h"
#include "log/fact_log.h"
#include "metrics/registry.h"
#include "pipeline/batch_judge.h"
#include "pipeline/source_progress.h"

namespace hark::pipeline {

// One source of a daemon: reads it batch by batch, has each judged, and appends the records to the
// fact log, a few ahead of the disk. If the log fails, it goes back to what is durable. Says when
// the source is idle or silent.
//
// Used by one thread at a time; but status() is safe to call at any time.
class LiveSource {
 public:
  // Opens the source once more, behind a cursor of it.
  using Opener = std::function<absl::StatusOr<std::unique_ptr<Source>>(const std::string& cursor)>;

  struct Settings {
    std::unique_ptr<Source> source;  // stands where it is to be read on
    std::string cluster;             // of its events, if it has none of its own
    Micros lateness = 0;
    Opener reopen;
    bool may_vanish = false;    // it ends when it is gone; else that is waited for
    bool keeps_cursor = false;  // when it is gone: it may be the same when it comes back
    // Where an earlier run left it.
    std::uint64_t position = 0;
    Micros highest_time = kBeginningOfTime;
    bool is_declared = false;  // in the fact log, with this lateness, and not ended
  };

  enum class Outcome {
    kRead,        // there may be more at once
    kNothing,     // it is read to its present end
    kUnreadable,  // it cannot be read now
    kNotYet,      // neither it nor its end can be read for the moment: nothing is wrong
    kLogFailed,   // the fact log cannot be written, or is full
    kGone,        // it has ended, and the fact log says so
    kClosed,      // the fact log is closed
  };

  // What a thread keeps from call to call.
  struct Scratch {
    explicit Scratch(const LiveContext& context) : lateness(context.metrics.NewLatenessBatch()) {}
    RecordBatch batch;
    FactRecord record;
    metrics::HistogramBatch lateness;
  };

  LiveSource(Settings settings, const LiveContext& context);

  // Says in the fact log that the source is there: it holds the watermark from then on. If that
  // fails, Advance tries it again, before anything else.
  void Declare();

  // Reads, judges and appends one batch of about `max_bytes`.
  Outcome Advance(std::size_t max_bytes, BatchJudge& judge, Scratch& scratch);

  // Waits until all that was read is durable; then says durably that it has ended. kGone,
  // kLogFailed or kClosed.
  Outcome End();

  const std::string& name() const { return name_; }
  Micros highest_time() const ABSL_LOCKS_EXCLUDED(status_mutex_);
  LiveSourceStatus status() const ABSL_LOCKS_EXCLUDED(status_mutex_);

 private:
  struct InFlight {
    log::Appended appended;
    std::string cursor;
    std::uint64_t position = 0;
    bool declares = false;
  };

  absl::Status AppendDeclaration();
  absl::Status AppendEnd();
  Outcome ReadBatch(std::size_t max_bytes, BatchJudge& judge, Scratch& scratch);
  Outcome OnNothing();
  Outcome OnUnreadable(const absl::Status& status);
  // The fact log has failed: begins again behind what is durable.
  Outcome OnLogFailure(absl::Status status);
  absl::Status AppendIdle(Micros time) ABSL_LOCKS_EXCLUDED(status_mutex_);
  FactRecord NewRecord(FactRecord::Kind kind) const;
  absl::Status Append(const FactRecord& record);
  // Waits until at most so many records are not yet durable.
  absl::Status Settle(std::size_t most);
  void CountBatch(const InputStats& before, const InputStats& after, const FactRecord& record)
      ABSL_LOCKS_EXCLUDED(status_mutex_);
  void SetUnreadable(std::string error) ABSL_LOCKS_EXCLUDED(status_mutex_);

  Settings settings_;
  const std::string name_, cluster_;
  const LiveContext& context_;
  bool is_declared_;                // in what was appended
  bool is_declared_durably_;        // in what is on the disk
  std::unique_ptr<Source> source_;  // null until it can be opened again
  std::uint64_t generation_;        // of the fact log
  std::deque<InFlight> in_flight_;  // oldest first
  std::string durable_cursor_;
  std::uint64_t durable_position_;
  std::string cursor_;  // of what was appended last
  std::uint64_t position_;
  mutable Mutex status_mutex_;
  SourceProgress progress_ ABSL_GUARDED_BY(status_mutex_);
};

}  // namespace hark::pipeline
