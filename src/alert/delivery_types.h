#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/time/time.h"

#include "alert/backoff.h"
#include "alert/destination.h"
#include "alert/revision_filter.h"

namespace hark::alert {

// One output: where it goes, and what it is owed.
struct OutputSettings {
  std::string name;  // unique; names its cursor for good, and its metrics
  std::string kind;  // "webhook"
  std::unique_ptr<Destination> destination;
  RevisionFilter filter = {};
  Backoff backoff = {};
  // What could not be delivered for so long since it was detected is a dead letter.
  absl::Duration max_age = absl::Hours(72);
  // What waits in the store for the output may take so many bytes of JSON; of what is more the
  // oldest are dead letters. 0: no limit.
  std::uint64_t max_bytes = 0;
  double max_per_second = 0;  // attempts; what is more waits. 0: no limit
};

enum class OutputState : std::uint8_t {
  kWorking,
  kFailing,  // its last attempt failed; it is tried again
  kStopped,  // the receiver wants no more; revisions wait until they are too old
  kClosed,   // it is over
};

std::string_view OutputStateName(OutputState state);

// Revisions since the start, by what became of them. All but `retried` are final, and sum up to
// those that the output is done with.
struct OutputCounts {
  std::uint64_t delivered = 0, retried = 0, rejected = 0, expired = 0, silenced = 0, filtered = 0;
  std::uint64_t replayed = 0;  // dead letters that were delivered; none of the others
  std::uint64_t Done() const { return delivered + rejected + expired + silenced + filtered; }
};

struct OutputStatus {
  std::string name, kind;
  OutputState state = OutputState::kWorking;
  std::int64_t cursor = 0;         // as the store has it
  std::uint64_t queue_length = 0;  // revisions that it is not done with
  absl::Duration oldest_age = {};  // of the oldest of them; zero if there is none
  std::uint64_t dead_letters = 0;  // that are kept for it
  OutputCounts counts;
  std::string last_error;  // of the last attempt that failed; empty if it has worked since
};

}  // namespace hark::alert
