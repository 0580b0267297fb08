#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/base/thread_annotations.h"

#include "hark/fact.h"

#include "base/mutex.h"

namespace hark::log {

// The fact log of a replay: a bounded queue in memory that many threads fill and one reads.
//
// Each record has a place in the log, 0, 1, 2, ..., which its writer got before it made the record.
// Records may be written in any order and are read in the order of their places:
//
//   writers   Put(2) ─┐    ┌───┬───┬───┬───┐
//             Put(0) ─┼──▶ │ 0 │   │ 2 │   │ ──▶ Next() = 0, then waits for 1
//             (1 ...) ┘    └───┴───┴───┴───┘
//
// A writer waits for room with WaitForRoom before it makes a record, so that at most `capacity`
// records exist at a time. Records are swapped in and out, never copied, and what the reader gives
// back is what a later writer gets: their buffers are used again.
//
// All methods are safe to call from any number of threads, Next from one.
class MemoryFactLog {
 public:
  // REQUIRES: capacity > 0.
  explicit MemoryFactLog(std::size_t capacity);

  MemoryFactLog(const MemoryFactLog&) = delete;
  MemoryFactLog& operator=(const MemoryFactLog&) = delete;

  std::size_t capacity() const { return capacity_; }

  // Waits until the record at `place - capacity` has been read. False if the log is cancelled.
  [[nodiscard]] bool WaitForRoom(std::uint64_t place) ABSL_LOCKS_EXCLUDED(mutex_);

  // Writes the record at `place`; `record` then holds one that was read before, or an empty one.
  // REQUIRES: WaitForRoom(place) was true; each place is written once.
  void Put(std::uint64_t place, FactRecord& record) ABSL_LOCKS_EXCLUDED(mutex_);

  // No record at `place` or after it will be written. REQUIRES: called at most once.
  void EndAt(std::uint64_t place) ABSL_LOCKS_EXCLUDED(mutex_);

  // Ends the log at once: nobody waits any longer, and what was not read is lost.
  void Cancel() ABSL_LOCKS_EXCLUDED(mutex_);

  // Waits for the next record and swaps it with `record`. False at the end, or if cancelled.
  [[nodiscard]] bool Next(FactRecord& record) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Slot {
    FactRecord record;
    bool filled = false;
  };

  Slot& SlotAt(std::uint64_t place) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return slots_[place % capacity_];
  }

  const std::size_t capacity_;
  Mutex mutex_;
  CondVar has_room_;
  CondVar has_next_;
  std::vector<Slot> slots_ ABSL_GUARDED_BY(mutex_);
  std::uint64_t next_ ABSL_GUARDED_BY(mutex_) = 0;  // the place that is read next
  std::uint64_t end_ ABSL_GUARDED_BY(mutex_);
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace hark::log
