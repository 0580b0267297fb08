#pragma once

#include <vector>

#include "base/diagnostics.h"
#include "cli/rule_test.h"
#include "rules/loader.h"

namespace hark::cli {

// Reads a test file (docs/rule-tests.md). Everything that is wrong with it goes to `diagnostics`;
// the tests are to be run only if there were no errors.
std::vector<RuleTest> ReadRuleTests(const rules::RuleFile& file, Diagnostics& diagnostics);

}  // namespace hark::cli
