#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "hark/alert.h"
#include "hark/detector.h"
#include "hark/fact.h"

#include "rules/rule_set.h"

namespace hark::testing {

struct Expectation {
  std::vector<Alert> revisions;  // until the end of all time
  DetectorStats stats;           // `evictions` stays 0
  // Group keys (base/text.h) that were evicted.
  std::set<std::string> evicted_groups;
};

// What the stateful half must make of the records, computed from its specification (design,
// sections 3 to 5) in the plainest way: every event is kept for ever, all of them are sorted into
// the one order, and each question is answered by looking at all events again. It shares nothing
// with src/detect. `rules` must outlive the result.
//
// `evictions[i]`: how many groups the state budget drops after the i-th judged event; empty for
// none. Which ones follows from the specification. REQUIRES for that: one alerting rule, and no
// two events judged at one time.
Expectation Expect(const rules::RuleSet& rules, const std::vector<FactRecord>& records,
                   const std::vector<std::uint64_t>& evictions = {});

}  // namespace hark::testing
