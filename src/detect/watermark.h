#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"

#include "hark/detector.h"
#include "hark/fact.h"

#include "base/codec.h"

namespace hark::detect {

// How far event time has come: the minimum over all sources of what each of them promises, and
// never backwards. A source promises its highest event time less its lateness bound, or the time
// of its idle record if that is later. One that was declared with the time of its first event
// promises as if it had brought it; one that was declared without and has brought nothing promises
// nothing and holds the watermark; one that has ended does not count.
//
// Not thread-safe. O(log sources) per record.
class Watermark {
 public:
  // Takes what the record says of its source.
  void Update(const FactRecord& record);

  // Everything before this time has arrived. kBeginningOfTime until all sources have data.
  Micros time() const { return time_; }

  void Save(ByteWriter& writer) const;
  void Restore(ByteReader& reader);

 private:
  struct SourceState {
    Micros lateness = 0;
    Micros promised = kBeginningOfTime;
  };
  void Promise(const std::string& name, SourceState& source, Micros time);

  std::map<std::string, SourceState> sources_;  // those that have not ended
  std::set<std::pair<Micros, std::string>> by_promise_;
  Micros time_ = kBeginningOfTime;
};

}  // namespace hark::detect
