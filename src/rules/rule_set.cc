#include "rules/rule_set.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"

#include "base/rfc3339.h"

namespace hark::rules {
namespace {

std::string PrintNames(const RuleSet& rules, const std::vector<FieldIndex>& fields) {
  std::string text;
  for (const FieldIndex field : fields) {
    text += text.empty() ? "" : ", ";
    text += rules.fields[field].name;
  }
  return text.empty() ? "nothing" : text;
}

std::string PrintPredicate(const RuleSet& rules, const Predicate& predicate) {
  const std::string& name = rules.fields[predicate.field].name;
  if (predicate.exists.has_value()) {
    return absl::StrFormat("%s %s", name, *predicate.exists ? "exists" : "is absent");
  }
  if (predicate.matchers.size() == 1) {
    return absl::StrFormat("%s %s", name, Print(predicate.matchers.front()));
  }
  std::string values;
  for (const ValueMatcher& matcher : predicate.matchers) {
    values += values.empty() ? "" : ", ";
    values += Print(matcher);
  }
  return absl::StrFormat("%s %s (%s)", name, predicate.all ? "all" : "any", values);
}

std::string PrintNode(const RuleSet& rules, const Program& program, std::size_t index) {
  const ProgramNode& node = program[index];
  switch (node.kind) {
    case ProgramNode::Kind::kTrue:
      return "true";
    case ProgramNode::Kind::kFalse:
      return "false";
    case ProgramNode::Kind::kPredicate:
      return absl::StrFormat("p%d{%s}", node.predicate,
                             PrintPredicate(rules, rules.predicates[node.predicate]));
    case ProgramNode::Kind::kNot:
      return "not " + PrintNode(rules, program, node.children.front());
    default:
      break;
  }
  std::string text;
  for (const std::uint32_t child : node.children) {
    if (!text.empty()) {
      text += node.kind == ProgramNode::Kind::kAnd ? " and " : " or ";
    }
    text += PrintNode(rules, program, child);
  }
  return "(" + text + ")";
}

std::string PrintAlertRule(const RuleSet& rules, const AlertRule& rule) {
  std::string text =
      absl::StrFormat("alert %s %s version %s\n  level %s", rule.info.id, rule.info.window_type,
                      rule.info.version, SeverityName(rule.level));
  if (rule.downgrade.has_value()) {
    absl::StrAppendFormat(&text, ", or %s where p%d{%s}", SeverityName(rule.downgrade->level),
                          rule.downgrade->predicate,
                          PrintPredicate(rules, rules.predicates[rule.downgrade->predicate]));
  }
  absl::StrAppendFormat(&text, "\n  groups by %s\n", PrintNames(rules, rule.group_by));
  if (rule.counted.has_value()) {
    absl::StrAppendFormat(&text, "  counts %s\n", rules.fields[*rule.counted].name);
  }
  if (rule.type != AlertRule::Type::kEvent) {
    absl::StrAppendFormat(&text, "  at least %d within %s\n", rule.threshold,
                          FormatDuration(rule.timespan));
  }
  absl::StrAppendFormat(&text, "  stays open %s\n", FormatDuration(rule.keep_alive));
  return text;
}

}  // namespace

bool RuleSet::IsIndexed(const Field& field) const {
  return field.id != FieldId::kPath && (PartsOf(field) & ~index_parts) == 0;
}

Micros RuleSet::LongestWindow() const {
  Micros longest = 0;
  for (const AlertRule& rule : alert_rules) {
    longest = std::max({longest, rule.timespan, rule.keep_alive});
  }
  return longest;
}

std::string Print(const RuleSet& rules, const EventRule& rule) {
  std::string text =
      absl::StrFormat("event %s\n  %s\n", rule.id, PrintNode(rules, rule.program, 0));
  const auto index = static_cast<std::size_t>(&rule - rules.event_rules.data());
  if (const std::optional<RequiredValues>& required = rules.required[index]) {
    absl::StrAppendFormat(&text, "  requires %s:", rules.fields[required->field].name);
    for (const std::string& value : required->values) {
      absl::StrAppendFormat(&text, " \"%s\"", absl::Utf8SafeCEscape(value));
    }
    text += "\n";
  }
  absl::StrAppendFormat(&text, "  shows %s\n", PrintNames(rules, rule.shown_fields));
  for (const std::uint32_t alert : rule.feeds) {
    absl::StrAppendFormat(&text, "  feeds %s\n", rules.alert_rules[alert].info.id);
  }
  return text;
}

std::string Print(const RuleSet& rules) {
  std::string text;
  for (const EventRule& rule : rules.event_rules) {
    text += Print(rules, rule);
  }
  for (const AlertRule& rule : rules.alert_rules) {
    text += PrintAlertRule(rules, rule);
  }
  return text;
}

}  // namespace hark::rules
