#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <tuple>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"

#include "hark/detector.h"
#include "hark/source.h"

#include "base/mutex.h"
#include "log/memory_fact_log.h"

namespace hark::pipeline {

// Decides which source is read next, and gives each batch its place in the fact log.
//
// The source that has come least far in event time is read first: so no source runs ahead of the
// others and fills the memory with facts that cannot be judged yet. What it knows for the choice
// at place n is what the batches up to n minus the log's capacity have shown, never more: the order
// of the log is therefore the same for any number of threads. A source is not touched before it is
// the first by its time, and closed when it has ended: of many logs of different times few are open
// at once.
//
// Next and Report are safe to call from any number of threads. O(log sources) per batch.
class BatchScheduler {
 public:
  struct Ticket {
    std::uint64_t place = 0;     // in the fact log
    std::size_t source = 0;      // index into the sources
    std::uint64_t position = 0;  // of the source after the batch
    bool source_ended = false;   // there is no batch, and never will be
  };

  // `first_times` says of each source when its first event happened: its place among the others
  // before it has brought anything. kBeginningOfTime where it is not known.
  // REQUIRES: one for each source. `log` must outlive the scheduler and be empty.
  BatchScheduler(std::vector<std::unique_ptr<Source>> sources,
                 const std::vector<Micros>& first_times, std::size_t batch_bytes,
                 log::MemoryFactLog& log);

  // The caller may look at name and cluster of a source; reading is the scheduler's.
  const std::vector<std::unique_ptr<Source>>& sources() const { return sources_; }

  // Waits for room in the log and reads the next batch. nullopt, and the log is ended, once all
  // sources are; nullopt also if the log is cancelled.
  std::optional<Ticket> Next(RecordBatch& batch) ABSL_LOCKS_EXCLUDED(mutex_);

  // Says how far in time the batch has brought its source: kBeginningOfTime if it had no event.
  // To be called before the record at the ticket's place is put into the log.
  void Report(const Ticket& ticket, Micros highest_time);

  // Why sources ended early, in the order in which it happened. To be called when all threads are
  // done.
  std::vector<absl::Status> TakeErrors() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct SourceState {
    Micros highest_time = kBeginningOfTime;
    std::uint64_t position = 0;
    std::uint64_t unreported = 0;  // batches that were taken, but whose time is not known yet
    bool ended = false;
  };
  // The source to read comes first; of equal ones that of which less is under way, so that they
  // take turns.
  using Rank = std::tuple<Micros, std::uint64_t, std::size_t>;  // time, unreported, source
  struct Arrival {
    std::size_t source = 0;
    Micros highest_time = kBeginningOfTime;
  };

  // Takes in what the batch has shown whose slot in the log the next place gets.
  void LearnFromArrival() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Reads the source and notes what became of it.
  Ticket ReadFrom(std::size_t source, RecordBatch& batch) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Changes the state of a source and its place in the queue; an ended one has none.
  template <typename Change>
  void Update(std::size_t source, Change change) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::vector<std::unique_ptr<Source>> sources_;
  const std::size_t batch_bytes_;
  log::MemoryFactLog& log_;
  // One for each slot of the log, and guarded as a slot is: it is written before the record is put
  // there, and read when the log has said that the record was read.
  std::vector<Arrival> arrivals_;
  Mutex mutex_;
  std::vector<SourceState> states_ ABSL_GUARDED_BY(mutex_);
  std::set<Rank> queue_ ABSL_GUARDED_BY(mutex_);  // those that have not ended
  std::uint64_t next_place_ ABSL_GUARDED_BY(mutex_) = 0;
  bool log_ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<absl::Status> errors_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hark::pipeline
