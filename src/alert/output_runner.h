#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"

#include "hark/clock.h"

#include "alert/alert_reader.h"
#include "alert/alert_store.h"
#include "alert/delivery_queue.h"
#include "alert/delivery_types.h"
#include "alert/revision_feed.h"
#include "alert/silence_list.h"
#include "base/log.h"
#include "base/mutex.h"
#include "metrics/delivery_metrics.h"

namespace hark::alert {

// Delivers the revisions of the store to one destination, on a thread of its own: reads from its
// cursor on, tries what is due, waits after failures, and moves the cursor.
//
// After a failure of any revision the output as a whole waits, too, and then tries one at a time
// until one succeeds: a receiver that is down is not stormed, and one revision that it cannot take
// delays the others by no more than that.
//
// Thread-safe.
class OutputRunner {
 public:
  // What runners share. All of it outlives them.
  struct Surroundings {
    AlertStore* store = nullptr;
    const Clock* wall = nullptr;                        // of what is written, and of ages
    const Clock* steady = nullptr;                      // of waiting, and of ages
    Logger* log = nullptr;                              // may be null
    const metrics::DeliveryMetrics* metrics = nullptr;  // may be null
    const SilenceList* silences = nullptr;              // may be null
    absl::Duration cursor_interval;
    std::uint64_t seed = 0;
  };

  // Begins to deliver what lies behind the cursor.
  static absl::StatusOr<std::unique_ptr<OutputRunner>> Start(OutputSettings settings,
                                                             std::int64_t cursor,
                                                             const Surroundings& surroundings);
  // Breaks off what is in flight. The cursor in the store stays as it was stored last.
  ~OutputRunner();
  OutputRunner(const OutputRunner&) = delete;
  OutputRunner& operator=(const OutputRunner&) = delete;

  // There may be new revisions, or another time.
  void Notify();
  void Reopen() { settings_.destination->Reopen(); }
  // Breaks off what is in flight, and stores the cursor.
  void Stop();

  // Waits until all revisions up to that sequence number are done with and the cursor is stored;
  // not for an output that rests or is over; `only_while_it_works`: nor for one that fails. False
  // at the deadline, and if it was not waited for.
  bool WaitUntilDone(std::int64_t sequence, bool only_while_it_works,
                     std::chrono::steady_clock::time_point deadline);

  OutputStatus Status() const;
  const std::string& name() const { return settings_.name; }

 private:
  OutputRunner(OutputSettings settings, std::int64_t cursor, AlertReader reader,
               const Surroundings& surroundings);

  enum class AtEnd : std::uint8_t { kKeepCursor, kStoreCursor };
  void Join(AtEnd at_end);

  // --- on the thread of the output
  void Run();
  void Pass();
  // Never more than it is; less if the wall clock was set.
  absl::Duration AgeOf(const Revision& revision, absl::Time now) const;
  // Until the oldest is too old; infinite if there is none, or it must not become a dead letter
  // now.
  absl::Duration UntilOverdue(absl::Time now);
  // Empty if it may wait on.
  std::string WhyOverdue(const DeliveryQueue::Item& item, absl::Time now) const;
  void BuryOverdue(absl::Time now);
  bool BeginNext(absl::Time now);
  bool IsSilenced(const DeliveryQueue::Batch& batch);
  absl::Time MayBeginAt() const;
  absl::Duration UntilNextPass();
  void OnDone(const DeliveryQueue::Batch& batch, absl::Time begun, std::uint64_t epoch,
              const Attempt& attempt);
  void OnDelivery(const DeliveryQueue::Batch& batch);
  // Of a dead letter.
  void Stored(const absl::Status& status);
  void OnFailure(const DeliveryQueue::Batch& batch, std::uint64_t epoch, const Attempt& attempt);
  void OnRejection(const DeliveryQueue::Batch& batch, const Attempt& attempt);
  void Bury(DeliveryQueue::Item& item, const Attempt& attempt, metrics::DeliveryResult result);
  void End(const Attempt& attempt);
  void StoreCursor(absl::Time now);
  bool WantsToStoreCursor(absl::Time now) const;
  void Publish(absl::Time now);
  void Count(metrics::DeliveryResult result, std::uint64_t number = 1);
  void Log(LogLevel level, std::string_view key, std::string_view text, std::string_view error);

  OutputSettings settings_;
  const Surroundings surroundings_;
  const Destination::Traits traits_;
  std::optional<metrics::OutputMetrics> metrics_;

  DeliveryQueue queue_;
  RevisionFeed feed_;  // into the queue
  std::mt19937_64 random_;
  std::size_t in_flight_ = 0;
  std::uint32_t failures_ = 0;  // since the last success
  std::uint64_t epoch_ = 0;  // failures of attempts that began before the last one are the same one
  absl::Time resume_ = absl::InfinitePast();      // nothing is tried before
  absl::Time next_token_ = absl::InfinitePast();  // of the rate limit
  std::int64_t stored_cursor_;
  absl::Time store_cursor_at_ = absl::InfinitePast();
  OutputState state_ = OutputState::kWorking;
  std::string last_error_;
  OutputCounts counts_;

  std::atomic<bool> stop_ = false;
  std::atomic<std::int64_t> drain_to_ = INT64_MAX;  // the cursor is stored at once when it is there
  mutable Mutex mutex_;
  CondVar progressed_;
  OutputStatus status_ ABSL_GUARDED_BY(mutex_);

  AtEnd at_end_ = AtEnd::kKeepCursor;  // set before stop_
  std::thread thread_;                 // last: it uses the others
};

}  // namespace hark::alert
