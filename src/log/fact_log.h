#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "hark/fact.h"

#include "base/file_system.h"
#include "base/mutex.h"
#include "log/fact_log_types.h"
#include "log/segment_index.h"
#include "log/segment_writer.h"

namespace hark::log {

class FactLogReader;

// The fact log of a daemon: segment files in a directory (segment_format.h).
//
//   appenders   Append ─┐ pending group       one committer           segment file
//               Append ─┼──▶ 8, 9, 10  ──────▶ 5, 6, 7: write, sync ──▶ 1 2 3 4 │ 5 6 7
//               Append ─┘        WaitDurable ◀──────── all at once ◀────────────┘
//                                                         FactLogReader ◀── only what is synced
//
// Records get the positions 1, 2, 3, ... Those that are appended while a group is being synced form
// the next group, so one sync serves them all.
//
// After a failed write or sync nobody knows what the file holds. The segment is left as it is and
// never written again; all that was not durable fails, and its positions are given to what comes
// next, in a new segment, whose first position says where the old one ends. So no record is lost
// that WaitDurable was OK for, and none is there twice. A full disk is such a failure
// (ResourceExhausted); each later group tries anew, and the first after there is space succeeds.
//
// A source that goes on behind a record that failed would leave a hole. So it names its generation
// with each append; a failure begins a new one, and an Append of an older one is Aborted. The
// source then goes back to its last durable record. Sources whose records are independent of each
// other, such as a webhook's requests, need no generation.
//
// Thread-safe, but for Close and the destructor. Readers must be gone before the log.
class FactLog {
 public:
  // Makes the directory if need be, checks that no segment is missing, and recovers the last
  // one (segment_tail.h). REQUIRES: this process alone uses the directory (DataDir).
  // DataLoss, with file and offset: what was durable is damaged. FailedPrecondition: a version that
  // this program does not know.
  static absl::StatusOr<std::unique_ptr<FactLog>> Open(FileSystem& file_system,
                                                       const std::string& directory,
                                                       const FactLogOptions& options = {});
  ~FactLog();
  FactLog(const FactLog&) = delete;
  FactLog& operator=(const FactLog&) = delete;

  // Adds a record to the pending group. While that is full it waits, or fails with Unavailable.
  // Aborted: of an older generation. FailedPrecondition: closed. InvalidArgument: too long.
  absl::StatusOr<Appended> Append(const FactRecord& record, const AppendOptions& options = {})
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Waits until the record is on the disk. After an error it is not in the log; after a restart
  // it may be there all the same, if nothing was appended since.
  absl::Status WaitDurable(const Appended& appended) ABSL_LOCKS_EXCLUDED(mutex_);

  std::uint64_t generation() const ABSL_LOCKS_EXCLUDED(mutex_);

  // A reader whose first record is at `from`. OutOfRange if that was cut; DataLoss if the log ends
  // before `from - 1`, whose record somebody has read: a part of the log is gone.
  absl::StatusOr<FactLogReader> Read(std::uint64_t from) ABSL_LOCKS_EXCLUDED(mutex_);

  // Removes the segments that hold only records before the position; never the newest segment.
  // REQUIRES: nobody reads there any more.
  absl::Status CutBefore(std::uint64_t position) ABSL_LOCKS_EXCLUDED(cut_mutex_, mutex_);

  // Writes what is pending and ends the log: readers get what there is and then the end.
  void Close() ABSL_LOCKS_EXCLUDED(mutex_);

  FactLogStats stats() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  friend class FactLogReader;

  FactLog(FileSystem& file_system, std::string directory, const FactLogOptions& options);

  absl::Status Recover() ABSL_LOCKS_EXCLUDED(mutex_);
  void Commit() ABSL_LOCKS_EXCLUDED(mutex_);
  std::shared_ptr<CommitGroup> TakeGroup() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status Write(const CommitGroup& group) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status BeginSegment(std::uint64_t first) ABSL_LOCKS_EXCLUDED(mutex_);
  void Succeed(CommitGroup& group) ABSL_LOCKS_EXCLUDED(mutex_);
  void Fail(CommitGroup& group, const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);

  // Waits until the position is durable or never will be. False if the deadline comes first.
  bool WaitForPosition(std::uint64_t position, std::chrono::steady_clock::time_point deadline)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits until the position is durable; nullopt if it never will be.
  std::optional<Segment> WaitForSegment(std::uint64_t position) ABSL_LOCKS_EXCLUDED(mutex_);

  FileSystem& file_system_;
  const std::string directory_;
  const FactLogOptions options_;

  std::unique_ptr<SegmentWriter> writer_;  // the committer's; null if the next group begins one
  Mutex cut_mutex_;                        // held by whoever removes segments

  mutable Mutex mutex_;
  CondVar has_work_;  // for the committer
  CondVar has_room_;  // for appenders
  CondVar has_more_;  // for readers
  SegmentIndex index_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<CommitGroup> pending_ ABSL_GUARDED_BY(mutex_);
  std::uint64_t next_position_ ABSL_GUARDED_BY(mutex_) = 1;
  std::uint64_t durable_ ABSL_GUARDED_BY(mutex_) = 0;
  std::uint64_t generation_ ABSL_GUARDED_BY(mutex_) = 1;
  std::uint64_t cut_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::uint64_t failed_groups_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;  // nothing is appended any more
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;   // nothing is written any more
  std::thread committer_;
};

}  // namespace hark::log
