#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "absl/status/status.h"

#include "hark/alert.h"
#include "hark/fact.h"
#include "hark/state.h"

namespace hark {

constexpr Micros kBeginningOfTime = std::numeric_limits<Micros>::min();
constexpr Micros kEndOfTime = std::numeric_limits<Micros>::max();

// What became of the facts given to a Detector. All counters only grow.
struct DetectorStats {
  std::uint64_t facts = 0;      // given
  std::uint64_t judged = 0;     // reached the rules
  std::uint64_t duplicate = 0;  // copies of an event, collapsed
  std::uint64_t late = 0;       // judged at the watermark instead of at their time
  std::uint64_t too_late = 0;   // older than the dedupe horizon: not judged
  // What was done to stay within the state budget.
  std::uint64_t evictions = 0;  // groups dropped
  std::uint64_t forgotten =
      0;                    // minutes of copies, or of requests, that are not recognised any more
  std::uint64_t early = 0;  // judged before the watermark reached them
  friend bool operator==(const DetectorStats&, const DetectorStats&) = default;
};

// What a Detector holds at one moment.
struct DetectorGauges {
  struct Rule {
    std::uint64_t groups = 0;
    std::array<std::uint64_t, kSeverityCount> open_alerts{};  // by Severity
    std::uint64_t bytes = 0;                                  // of the state budget
    std::uint64_t evictions = 0;  // groups dropped to stay within it, ever since the rule came
  };
  std::vector<Rule> rules;          // by index of RuleSet::alert_rules()
  std::uint64_t pending_bytes = 0;  // of the budget: facts that wait for the watermark
  std::uint64_t key_bytes = 0;      // of the budget: by what copies and requests are known
};

// The stateful half: a deterministic function of the records it is given. It reads no clock, no
// file and no random number. Not thread-safe.
class Detector {
 public:
  virtual ~Detector() = default;

  // Judges the record and moves the watermark. Revisions go to `sink` before it returns.
  virtual void Apply(FactRecord record, RevisionSink& sink) = 0;

  // The watermark goes to infinity: every window is judged, every episode closes.
  virtual void Finish(RevisionSink& sink) = 0;

  // The sections of the state, in order: Save() writes them and Restore() needs them all.
  virtual std::vector<StateSection> Sections() const = 0;

  // Everything that later revisions depend on, as it is now. Takes a small part of the time in
  // which the state could be copied; what changes afterwards is copied at its first change.
  // REQUIRES: the state that was frozen before is destroyed.
  virtual std::unique_ptr<FrozenState> Freeze() = 0;

  // Replaces the state. Fails, leaving an unusable detector, if a section is missing or damaged,
  // or of another rule set. That each is of the version of Sections() is for the caller to check.
  virtual absl::Status Restore(SectionReader& reader) = 0;

  virtual Micros watermark() const = 0;
  virtual const DetectorStats& stats() const = 0;
  // Costs no more with more state. Reuses the memory of `gauges`.
  virtual void ReadGauges(DetectorGauges& gauges) const = 0;
};

}  // namespace hark
