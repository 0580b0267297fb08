#pragma once

#include <cstdint>
#include <string>

#include "hark/alert.h"

namespace hark::alert {

// One revision as it is stored and sent: its canonical JSON, and beside it what it is found by.
struct Revision {
  std::string id;  // of the alert; (id, n) names the revision
  std::uint32_t n = 0;
  std::string rule_id, rule_name;
  Severity level = Severity::kMedium;
  AlertState state = AlertState::kOpened;
  std::string actor;  // empty for a request without credentials
  std::string cluster;
  Micros first = 0, last = 0;
  Micros closed = 0;  // only when state is kClosed
  // When the revision was made, by the wall clock. It travels beside the alert and is never a part
  // of it: the same events give the same JSON whenever they are read.
  Micros detected = 0;
  std::string json;  // what `hark replay --output jsonl` prints, without the line end

  friend bool operator==(const Revision&, const Revision&) = default;
};

// REQUIRES: alert.rule != nullptr.
Revision MakeRevision(const Alert& alert, Micros detected);

// A revision in the store. Sequence numbers grow in the order in which revisions were stored, and
// none is ever used twice: a cursor of an output is the number of the last one that it is done
// with.
struct StoredRevision {
  std::int64_t sequence = 0;
  Revision revision;
};

}  // namespace hark::alert
