#pragma once

#include <string>

#include "rules/resolve.h"

namespace hark::rules {

// The version of a rule: 16 hexadecimal digits over everything that decides when it alerts, how
// its alerts are grouped and which level they have. Title, summary and the like do not count.
std::string VersionOf(const RuleAst& rule, const KnownComponents& known_components);
std::string VersionOf(const CorrelationAst& correlation, const RuleSetAst& rules);

// The canonical text that the version is a hash of.
std::string Canonical(const RuleAst& rule, const KnownComponents& known_components);
std::string Canonical(const CorrelationAst& correlation, const RuleSetAst& rules);

// 16 hexadecimal digits over any text.
std::string ShortHash(std::string_view text);

}  // namespace hark::rules
