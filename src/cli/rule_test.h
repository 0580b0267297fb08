#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hark/alert.h"

#include "rules/rule_set.h"

namespace hark::cli {

// An alert that a test expects. What is not given is not compared.
struct ExpectedAlert {
  std::string rule;  // name, id or title
  std::vector<std::pair<std::string, GroupValue>> group;
  std::optional<Severity> level;
  std::optional<std::uint64_t> count, total;
  std::optional<std::string> summary;
};

// One test of a rule file: events, and the alerts that they must raise.
struct RuleTest {
  std::string name;
  std::string events;  // JSON lines
  std::vector<ExpectedAlert> expected;
};

// Replays the events of the test with the rules. Returns one line for each alert that was expected
// and not raised, or raised and not expected: none if the test has passed.
std::vector<std::string> RunRuleTest(const RuleTest& test,
                                     const std::shared_ptr<const rules::RuleSet>& rules);

}  // namespace hark::cli
