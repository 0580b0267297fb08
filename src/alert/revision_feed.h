#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "alert/alert_reader.h"
#include "alert/backlog.h"
#include "alert/delivery_queue.h"
#include "alert/delivery_types.h"
#include "alert/revision_filter.h"

namespace hark::alert {

// Reads what an output is owed from the store into its queue: the revisions behind its cursor that
// pass its filter, as far as there is room, and the dead letters that are to be tried again.
//
// Not thread-safe, but for News. The queue outlives it.
class RevisionFeed {
 public:
  struct Options {
    std::string output;  // its name
    RevisionFilter filter;
    bool measures = false;  // the bytes that wait; it costs reading all sizes once
  };

  RevisionFeed(AlertReader reader, Options options, DeliveryQueue& queue)
      : reader_(std::move(reader)), options_(std::move(options)), queue_(queue) {}

  // There may be more in the store. From any thread.
  void News() { news_ = true; }

  // Reads on. After an error it waits a second before it does so again.
  absl::Status ReadOn(absl::Time now);
  // When there is something to do for it; infinite until there is news.
  absl::Time NextDue() const;

  // What was delivered last of each alert that is still open.
  absl::Status RestoreInto(Destination& destination);

  // Revisions that were passed over because of the filter, since the last call.
  std::uint64_t TakeFiltered() { return std::exchange(filtered_, 0); }
  // Revisions that are not read yet.
  std::uint64_t Unread();
  // Of revisions that wait, read or not, if it measures.
  std::uint64_t WaitingBytes() const { return queue_.bytes() + backlog_.bytes(); }

  // How many dead letters the store keeps for the output, as of some seconds ago.
  std::uint64_t dead_letters() const { return static_cast<std::uint64_t>(dead_letters_); }
  void RecountLetters() { count_letters_at_ = absl::InfinitePast(); }

 private:
  bool HasRoom() const;
  absl::Status ReadRevisions();
  absl::Status ReadLetters();
  // Looks how much waits behind what was read.
  absl::Status Measure();

  AlertReader reader_;
  const Options options_;
  DeliveryQueue& queue_;
  Backlog backlog_;
  std::atomic<bool> news_ = true;
  // Whether all was read, or measured, that was there at the last news.
  bool read_all_ = false, measured_all_ = false, read_all_letters_ = false;
  absl::Time next_read_ = absl::InfinitePast();
  std::uint64_t filtered_ = 0;
  std::int64_t dead_letters_ = 0;
  absl::Time count_letters_at_ = absl::InfinitePast();
};

}  // namespace hark::alert
