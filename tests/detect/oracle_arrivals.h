#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "hark/detector.h"
#include "hark/fact.h"

namespace hark::testing {

// An event and its place in the order.
struct JudgedEvent {
  const Fact* fact = nullptr;  // the best copy
  Micros seen = 0;             // when it is judged
  bool late = false;
  std::size_t record = 0;  // late events only: that brought it
};

// Something that all rules lost at the time `at`. It is known to what is judged from the time
// `from` on, but of the late events of that time only to those of later records, and where the
// loss comes first in its record to those of the same one.
struct Loss {
  Micros at = 0;
  Micros from = 0;
  std::size_t record = 0;
  bool comes_first = false;

  bool IsKnownTo(const JudgedEvent& event) const {
    if (event.seen != from || !event.late) {
      return event.seen >= from;
    }
    return event.record > record || (event.record == record && comes_first);
  }
};

// Of the oracle: finds out which events are judged and when, from watermark, late events and
// copies. It refers to the facts that it is given and to `released`, which is as in
// detect/oracle.h.
class Arrivals {
 public:
  Arrivals(DetectorStats& stats, const std::vector<Micros>& released)
      : stats_(stats), released_after_(released) {}

  // In the order in which they are judged.
  std::vector<JudgedEvent> Sort(const std::vector<FactRecord>& records);
  const std::vector<Loss>& losses() const { return losses_; }

 private:
  struct Source {
    Micros lateness = 0;
    Micros promised = kBeginningOfTime;
  };

  void Take(const Fact& fact, std::size_t record);
  void MoveWatermark(const FactRecord& record);
  void ReleaseEarly(Micros limit, std::size_t record);

  DetectorStats& stats_;
  const std::vector<Micros>& released_after_;
  std::vector<Loss> losses_;
  std::map<Hash128, JudgedEvent> events_;
  std::map<std::string, Source> sources_;
  Micros watermark_ = kBeginningOfTime;
  Micros released_ = kBeginningOfTime;  // later than the watermark if events were judged early
};

}  // namespace hark::testing
