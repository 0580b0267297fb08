#include "rules/required_values.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "rules/number.h"

namespace hark::rules {
namespace {

using Values = std::set<std::string>;
// For each field that is known: what its value must be one of.
using Knowledge = std::map<FieldIndex, Values>;

// How rare an event is that has a given value of the field; 0 for the rarest. Only fields that
// most rules ask for are worth an index.
std::optional<int> RankOf(FieldId id) {
  switch (id) {
    case FieldId::kResource:
    case FieldId::kObjectResource:
    case FieldId::kObjectSubresource:
      return 0;
    case FieldId::kOutcome:
    case FieldId::kCode:
      return 1;
    case FieldId::kObjectApiGroup:
      return 2;
    case FieldId::kVerb:
      return 3;
    default:
      return std::nullopt;
  }
}

// The one text that the matcher takes, in lower case; nullopt if there may be others.
std::optional<std::string> OnlyText(const ValueMatcher& matcher, FieldId id) {
  if (matcher.kind != ValueMatcher::Kind::kEquals || matcher.cased) {
    return std::nullopt;
  }
  if (!matcher.number.has_value()) {
    return matcher.text;
  }
  // 403 also equals 403.0 and 4.03e2; but a code always is a whole number.
  const bool is_whole = std::trunc(*matcher.number) == *matcher.number;
  const bool is_code = id == FieldId::kCode && is_whole && std::abs(*matcher.number) < 1e9;
  return is_code ? std::optional(FormatNumber(*matcher.number)) : std::nullopt;
}

class Finder {
 public:
  Finder(const RuleSet& rules, const Program& program) : rules_(rules), program_(program) {}

  Knowledge Find(std::size_t node_index) const {
    const ProgramNode& node = program_[node_index];
    switch (node.kind) {
      case ProgramNode::Kind::kPredicate:
        return FromPredicate(rules_.predicates[node.predicate]);
      case ProgramNode::Kind::kAnd:
        return FromAnd(node);
      case ProgramNode::Kind::kOr:
        return FromOr(node);
      default:
        return {};
    }
  }

 private:
  Knowledge FromPredicate(const Predicate& predicate) const {
    const Field& field = rules_.fields[predicate.field];
    if (predicate.all || predicate.exists.has_value() || IsMultiValued(field) ||
        !RankOf(field.id).has_value()) {
      return {};
    }
    Values values;
    for (const ValueMatcher& matcher : predicate.matchers) {
      std::optional<std::string> text = OnlyText(matcher, field.id);
      if (!text.has_value()) {
        return {};
      }
      values.insert(*std::move(text));
    }
    return {{predicate.field, std::move(values)}};
  }

  Knowledge FromAnd(const ProgramNode& node) const {
    Knowledge all;
    for (const std::uint32_t child : node.children) {
      for (auto& [field, values] : Find(child)) {
        const auto [known, is_new] = all.try_emplace(field, values);
        if (is_new) {
          continue;
        }
        Values both;
        std::set_intersection(known->second.begin(), known->second.end(), values.begin(),
                              values.end(), std::inserter(both, both.end()));
        known->second = std::move(both);
      }
    }
    return all;
  }

  Knowledge FromOr(const ProgramNode& node) const {
    Knowledge any = Find(node.children.front());
    for (std::size_t i = 1; i < node.children.size(); ++i) {
      Knowledge branch = Find(node.children[i]);
      for (auto known = any.begin(); known != any.end();) {
        const auto other = branch.find(known->first);
        if (other == branch.end()) {
          known = any.erase(known);
          continue;
        }
        known->second.merge(other->second);
        ++known;
      }
    }
    return any;
  }

  const RuleSet& rules_;
  const Program& program_;
};

}  // namespace

std::optional<RequiredValues> FindRequiredValues(const RuleSet& rules, const Program& program) {
  const Knowledge knowledge = Finder(rules, program).Find(0);
  const auto cost = [&rules](const Knowledge::value_type& entry) {
    return std::pair(RankOf(rules.fields[entry.first].id).value_or(0), entry.second.size());
  };
  const auto best =
      std::min_element(knowledge.begin(), knowledge.end(),
                       [&cost](const auto& a, const auto& b) { return cost(a) < cost(b); });
  if (best == knowledge.end()) {
    return std::nullopt;
  }
  return RequiredValues{best->first, {best->second.begin(), best->second.end()}};
}

}  // namespace hark::rules
