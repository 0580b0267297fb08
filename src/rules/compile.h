#pragma once

#include "rules/resolve.h"
#include "rules/rule_set.h"

namespace hark::rules {

// Turns resolved rules into programs over shared predicates. Cannot fail: whatever could be wrong
// has been reported before. Rules that feed no alert are left out.
RuleSet Compile(const RuleSetAst& rules);

}  // namespace hark::rules
