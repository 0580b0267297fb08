#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "hark/alert.h"
#include "hark/detector.h"
#include "hark/fact.h"

#include "rules/rule_set.h"

namespace hark::testing {

// What the state budget did. How many bytes something counts for is not of the specification, so
// the model is told when the budget cut; what is cut and what follows from it are its own.
struct Pressure {
  // How many groups of a rule were dropped when the event was judged.
  std::map<std::pair<std::uint32_t, Hash128>, std::uint64_t> evictions;
  // Up to which time everything was judged after each record; empty: up to the watermark.
  std::vector<Micros> released;
};

struct Expectation {
  std::vector<Alert> revisions;  // until the end of all time
  DetectorStats stats;           // `evictions` and `forgotten` stay 0
  // What was evicted: (index of the rule, group key of base/text.h).
  std::set<std::pair<std::size_t, std::string>> evicted_groups;
  // Alerts whose group was evicted. They may close before the end of the moment in which it was.
  std::set<std::string> evicted_alerts;
};

// What the stateful half must make of the records, computed from its specification (design,
// sections 3 to 5) in the plainest way: every event is kept for ever, all of them are sorted into
// the one order, and each question is answered by looking at all events again. It shares nothing
// with src/detect. `rules` must outlive the result.
Expectation Expect(const rules::RuleSet& rules, const std::vector<FactRecord>& records,
                   const Pressure& pressure = {});

}  // namespace hark::testing
