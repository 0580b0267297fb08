#pragma once

#include <cstdint>
#include <limits>

#include "absl/status/status.h"

#include "hark/alert.h"
#include "hark/fact.h"

namespace hark {

class ByteReader;
class ByteWriter;

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

// The stateful half: a deterministic function of the records it is given. It reads no clock, no
// file and no random number. Not thread-safe.
class Detector {
 public:
  virtual ~Detector() = default;

  // Judges the record and moves the watermark. Revisions go to `sink` before it returns.
  virtual void Apply(FactRecord record, RevisionSink& sink) = 0;

  // The watermark goes to infinity: every window is judged, every episode closes.
  virtual void Finish(RevisionSink& sink) = 0;

  // Everything that later revisions depend on. Equal states give equal bytes.
  virtual void Save(ByteWriter& writer) const = 0;

  // Replaces the state. Fails, leaving an unusable detector, if the bytes are damaged, of an
  // unknown version, or of another rule set.
  virtual absl::Status Restore(ByteReader& reader) = 0;

  virtual Micros watermark() const = 0;
  virtual const DetectorStats& stats() const = 0;
};

}  // namespace hark
