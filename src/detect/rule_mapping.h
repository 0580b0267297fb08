#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "hark/fact.h"

#include "rules/rule_set.h"

namespace hark::detect {

// Where the rules of one rule set are in another one, which takes its place. An alerting rule is
// there if it has the same id and version, and is then the same rule: the version also covers the
// conditions of the rules that a correlation names. Immutable. Both sets must outlive it.
class RuleMapping {
 public:
  RuleMapping(const rules::RuleSet& from, const rules::RuleSet& to);

  // Its index in the other set; nullopt if the rule was changed or removed, or if there is no such
  // index.
  std::optional<std::uint32_t> AlertRule(std::uint32_t index) const;

  // Makes the fact one of the other set: matches of rules that are not there go, the rest are in
  // the order in which the matcher gives them.
  void Apply(Fact& fact) const;

 private:
  std::uint32_t EventRule(std::uint32_t from, std::uint32_t fed) const;

  const rules::RuleSet& from_;
  const rules::RuleSet& to_;
  std::vector<std::optional<std::uint32_t>> alert_rules_;  // by index in `from`
};

}  // namespace hark::detect
