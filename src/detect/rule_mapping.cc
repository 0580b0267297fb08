#include "detect/rule_mapping.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

namespace hark::detect {

RuleMapping::RuleMapping(const rules::RuleSet& from, const rules::RuleSet& to)
    : from_(from), to_(to) {
  std::map<std::pair<std::string_view, std::string_view>, std::uint32_t> there;
  for (const rules::AlertRule& rule : to.alert_rules) {
    there.try_emplace({rule.info.id, rule.info.version}, static_cast<std::uint32_t>(there.size()));
  }
  for (const rules::AlertRule& rule : from.alert_rules) {
    const auto found = there.find({rule.info.id, rule.info.version});
    alert_rules_.push_back(found == there.end() ? std::nullopt : std::optional(found->second));
  }
}

std::optional<std::uint32_t> RuleMapping::AlertRule(std::uint32_t index) const {
  return index < alert_rules_.size() ? alert_rules_[index] : std::nullopt;
}

// Of a rule that has another id now, but the same condition, the version of what it feeds does not
// tell: any that feeds the same will do.
std::uint32_t RuleMapping::EventRule(std::uint32_t from, std::uint32_t fed) const {
  std::optional<std::size_t> feeding;
  for (std::size_t i = 0; i < to_.event_rules.size(); ++i) {
    const rules::EventRule& rule = to_.event_rules[i];
    if (std::count(rule.feeds.begin(), rule.feeds.end(), fed) == 0) {
      continue;
    }
    if (from < from_.event_rules.size() && from_.event_rules[from].id == rule.id) {
      return static_cast<std::uint32_t>(i);
    }
    feeding = feeding.value_or(i);
  }
  return static_cast<std::uint32_t>(feeding.value_or(0));
}

void RuleMapping::Apply(Fact& fact) const {
  std::erase_if(fact.matches, [this](const FactMatch& match) {
    return !AlertRule(match.alert_rule).has_value();
  });
  for (FactMatch& match : fact.matches) {
    match.alert_rule = *AlertRule(match.alert_rule);
    match.event_rule = EventRule(match.event_rule, match.alert_rule);
  }
  std::stable_sort(
      fact.matches.begin(), fact.matches.end(), [](const FactMatch& a, const FactMatch& b) {
        return std::tie(a.event_rule, a.alert_rule) < std::tie(b.event_rule, b.alert_rule);
      });
}

}  // namespace hark::detect
