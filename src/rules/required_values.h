#pragma once

#include <optional>

#include "rules/rule_set.h"

namespace hark::rules {

// The values of one field of which an event must have one for the program to hold, chosen for
// being rare; nullopt if the program asks for no such field in all of its branches.
std::optional<RequiredValues> FindRequiredValues(const RuleSet& rules, const Program& program);

}  // namespace hark::rules
