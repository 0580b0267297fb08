#pragma once

#include <vector>

#include "cli/rule_test.h"
#include "rules/diagnostics.h"
#include "rules/loader.h"

namespace hark::cli {

// Reads a test file (docs/rule-tests.md). Everything that is wrong with it goes to `diagnostics`;
// the tests are to be run only if there were no errors.
std::vector<RuleTest> ReadRuleTests(const rules::RuleFile& file, rules::Diagnostics& diagnostics);

}  // namespace hark::cli
