#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "absl/time/time.h"

#include "alert/revision.h"

namespace hark::alert {

// What became of an attempt to deliver.
enum class Outcome : std::uint8_t {
  kDelivered,
  kRetry,     // it may succeed later
  kRejected,  // it never will, as it is: a dead letter
  kStop,      // the receiver wants no more: the output rests until it is started anew
  kClosed,    // nobody reads any more (a closed pipe): the output is over
};

struct Attempt {
  Outcome outcome = Outcome::kDelivered;
  int status = 0;                     // of an HTTP answer; 0 if there was none
  std::string reason = {};            // one line for people, if it was not delivered
  std::string answer = {};            // the beginning of the answer's body, as it came
  absl::Duration wait_at_least = {};  // before the next attempt of anything (Retry-After)
};

// A place that revisions are delivered to: the only thing that a new kind of output must write.
// What is tried when, in which order and how often, is not its business (output_runner.h).
//
// All calls come from one thread, but for Wake and Reopen. Those that are not pure return soon:
// what takes longer happens within Wait.
class Destination {
 public:
  // What it can take. Constant.
  struct Traits {
    // The order in which all revisions were stored, one batch at a time; else only the order
    // within each alert.
    bool keeps_total_order = false;
    std::size_t max_batch = 1;        // revisions that an attempt may hold
    std::size_t max_concurrency = 1;  // attempts at a time
  };
  // In the order in which they were stored. A batch that is rejected is tried again one by one.
  using Batch = std::span<const StoredRevision* const>;
  using Done = std::function<void(const Attempt&)>;

  virtual ~Destination() = default;
  virtual Traits traits() const = 0;

  // Begins an attempt. `done` is called exactly once, within Begin or a later Wait; until then the
  // revisions live. What has not ended when the destination is destroyed never calls it.
  virtual void Begin(Batch batch, Done done) = 0;

  // Moves attempts on. Returns when one has ended, after Wake, or at the latest after `at_most`.
  virtual void Wait(absl::Duration at_most) = 0;
  // Ends the Wait that runs, or else the next one. From any thread.
  virtual void Wake() = 0;

  // A file was renamed: open it anew (SIGUSR1). From any thread.
  virtual void Reopen() {}

  // Does it want the alerts that are still open at the start? Then Restore is called before
  // anything else with what was delivered of each last.
  virtual bool WantsOpenAlerts() const { return false; }
  virtual void Restore(const StoredRevision& /*newest*/) {}

  // Work of its own, beside revisions: in how long it wants to do the next, and doing it. It is an
  // attempt as any other, and counts towards the concurrency.
  virtual absl::Duration UntilChore() const { return absl::InfiniteDuration(); }
  // NOLINTNEXTLINE(performance-unnecessary-value-param): who has a chore keeps it.
  virtual void BeginChore(Done /*done*/) {}
};

}  // namespace hark::alert
