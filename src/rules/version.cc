#include "rules/version.h"

#include <algorithm>

#include "absl/strings/str_format.h"

#include "base/hash128.h"

namespace hark::rules {
namespace {

bool AsksForKnown(const Field& field) {
  return field.id == FieldId::kActorKnown;
}

bool AsksForKnown(const Expr& expr) {
  return AsksForKnown(expr.match.field) ||
         std::any_of(expr.children.begin(), expr.children.end(),
                     [](const Expr& child) { return AsksForKnown(child); });
}

bool AsksForKnown(const AlertAst& alert) {
  return (alert.downgrade.has_value() && AsksForKnown(alert.downgrade->match.field)) ||
         std::any_of(alert.group_by.begin(), alert.group_by.end(),
                     [](const Field& field) { return AsksForKnown(field); });
}

void AppendAlert(const AlertAst& alert, std::string& text) {
  absl::StrAppendFormat(&text, "level %s\n", SeverityName(alert.level));
  if (alert.downgrade.has_value()) {
    absl::StrAppendFormat(&text, "downgrade %s to %s\n", Print(alert.downgrade->match),
                          SeverityName(alert.downgrade->level));
  }
  for (const Field& field : alert.group_by) {
    absl::StrAppendFormat(&text, "group-by %s\n", PrintName(field.name));
  }
  absl::StrAppendFormat(&text, "keep-alive %d\n", alert.keep_alive);
}

}  // namespace

std::string Canonical(const RuleAst& rule, const KnownComponents& known_components) {
  std::string text = absl::StrFormat("event\ncondition %s\n", Print(rule.condition));
  AppendAlert(rule.alert, text);
  if (AsksForKnown(rule.condition) || AsksForKnown(rule.alert)) {
    text += known_components.Canonical();
  }
  return text;
}

std::string Canonical(const CorrelationAst& correlation, const RuleSetAst& rules) {
  const bool counts_values = correlation.type == AlertRule::Type::kValueCount;
  std::string text = counts_values ? "value_count\n" : "event_count\n";
  bool asks_for_known = AsksForKnown(correlation.alert);
  for (const std::size_t index : correlation.rules) {
    const RuleAst& rule = rules.rules[index];
    absl::StrAppendFormat(&text, "rule %s\n", Print(rule.condition));
    asks_for_known = asks_for_known || AsksForKnown(rule.condition);
  }
  absl::StrAppendFormat(&text, "timespan %d\nthreshold %d\n", correlation.timespan,
                        correlation.threshold);
  if (correlation.counted.has_value()) {
    absl::StrAppendFormat(&text, "field %s\n", PrintName(correlation.counted->name));
    asks_for_known = asks_for_known || AsksForKnown(*correlation.counted);
  }
  AppendAlert(correlation.alert, text);
  return asks_for_known ? text + rules.known_components.Canonical() : text;
}

std::string ShortHash(std::string_view text) {
  constexpr std::size_t kDigits = 16;
  return ToHex(HashParts({text})).substr(0, kDigits);
}

std::string VersionOf(const RuleAst& rule, const KnownComponents& known_components) {
  return ShortHash(Canonical(rule, known_components));
}

std::string VersionOf(const CorrelationAst& correlation, const RuleSetAst& rules) {
  return ShortHash(Canonical(correlation, rules));
}

}  // namespace hark::rules
