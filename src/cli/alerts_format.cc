#include "cli/alerts_format.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

#include "alert/alert_table.h"
#include "alert/parsed_alert.h"
#include "alert/summary.h"
#include "base/rfc3339.h"
#include "base/status_macros.h"
#include "base/text.h"

namespace hark::cli {
namespace {

using alert::ParsedAlert;

constexpr std::size_t kLabelWidth = 12;
constexpr std::size_t kMinTextWidth = 40;

// Lines of a label and a text, which is escaped, and broken as often as it takes.
class Details {
 public:
  explicit Details(const alert::TableOptions& options)
      : color_(options.color),
        width_(static_cast<std::size_t>(std::max(options.width, 0)) > kLabelWidth + kMinTextWidth
                   ? static_cast<std::size_t>(options.width) - kLabelWidth
                   : kMinTextWidth) {}

  void Heading(std::string_view text) {
    for (const std::string& line : alert::WrapText(EscapeForTerminal(text), width_, SIZE_MAX)) {
      absl::StrAppendFormat(&text_, "%s%s%s\n", color_ ? alert::kBold : "", line, Reset());
    }
    text_.push_back('\n');
  }

  // Nothing for an empty text.
  void Add(std::string_view label, std::string_view text, std::string_view style = "") {
    if (text.empty()) {
      return;
    }
    for (const std::string& line : alert::WrapText(EscapeForTerminal(text), width_, SIZE_MAX)) {
      const std::string_view used = color_ ? style : "";
      absl::StrAppendFormat(&text_, "%-*s%s%s%s\n", static_cast<int>(kLabelWidth), label, used,
                            line, used.empty() ? "" : Reset());
      label = "";
    }
  }
  // A line for each.
  void Add(std::string_view label, const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      Add(label, text);
      label = "";
    }
  }
  void Blank() { text_.push_back('\n'); }

  std::string Take() { return std::move(text_); }

 private:
  std::string_view Reset() const { return color_ ? "\x1b[0m" : ""; }

  bool color_;
  std::size_t width_;
  std::string text_;
};

// "text (a, b)", without what is empty.
std::string WithRemarks(std::string text, const std::vector<std::string>& remarks) {
  std::vector<std::string> said;
  for (const std::string& remark : remarks) {
    if (!remark.empty()) {
      said.push_back(remark);
    }
  }
  if (!said.empty()) {
    absl::StrAppendFormat(&text, "%s(%s)", text.empty() ? "" : " ", absl::StrJoin(said, ", "));
  }
  return text;
}

std::string Named(std::string_view name, const std::string& value) {
  return value.empty() ? "" : absl::StrFormat("%s %s", name, value);
}

void AddRule(const RuleInfo& rule, Details& details) {
  details.Add("Rule", WithRemarks(rule.title, {rule.name}));
  details.Add("", WithRemarks(rule.id, {Named("version", rule.version), Named("by", rule.author)}));
  std::vector<std::string> attack = rule.tactics;
  attack.insert(attack.end(), rule.techniques.begin(), rule.techniques.end());
  details.Add("ATT&CK", absl::StrJoin(attack, ", "));
}

void AddWho(const Alert& alert, Details& details) {
  const Evidence& opening = alert.opening;
  details.Add("Cluster", alert.cluster);
  details.Add("Who",
              WithRemarks(std::string(alert::ActorName(alert)),
                          {opening.actor_type,
                           Named("known component:",
                                 opening.actor_known == "none" ? "" : opening.actor_known)}));
  details.Add("", Named("impersonated by", opening.impersonator));
  details.Add("", Named("groups", absl::StrJoin(opening.actor_groups, ", ")));
  details.Add("", Named("uid", opening.actor_uid));
  details.Add("", Named("credential", opening.actor_credential));
  const bool has_chain = opening.source_ips.size() > 1;
  details.Add(
      "From",
      WithRemarks(opening.source_ip,
                  {has_chain ? Named("chain", absl::StrJoin(opening.source_ips, ", ")) : ""}));
  details.Add("", Named("user agent", opening.user_agent));
}

void AddRequest(const Alert& alert, Details& details) {
  const Evidence& opening = alert.opening;
  std::string request = opening.verb;
  for (const std::string& part :
       {opening.resource, Named("in", opening.namespace_name), Named("named", opening.name)}) {
    absl::StrAppendFormat(&request, "%s%s", request.empty() || part.empty() ? "" : " ", part);
  }
  const std::string code = opening.code == 0 ? "" : absl::StrFormat("%d", opening.code);
  details.Add("Request", WithRemarks(request, {code, opening.outcome}));
  details.Add("", opening.uri);
  details.Add("", opening.reason);
}

void AddWhy(const Alert& alert, Details& details) {
  const RuleInfo& rule = *alert.rule;
  std::string why = rule.window_type;
  if (!rule.threshold.empty()) {
    absl::StrAppendFormat(&why, " %s in %s", rule.threshold, FormatDuration(rule.timespan));
  }
  absl::StrAppendFormat(&why, ": %d events", alert.count);
  if (alert.total != 0) {
    absl::StrAppendFormat(&why, ", %d distinct values", alert.total);
  }
  details.Add("Why", why);
  for (std::size_t i = 0; i < std::min(alert.group.size(), rule.group_by.size()); ++i) {
    details.Add(i == 0 ? "Group" : "",
                absl::StrFormat("%s = %s", rule.group_by[i], alert.group[i].value_or("(absent)")));
  }
  std::vector<std::string> matched;
  for (const MatchedField& match : alert.matched) {
    matched.push_back(absl::StrFormat("%s = %s", match.field, match.value));
  }
  details.Add("Matched", matched);
}

void AddWhat(const Alert& alert, Details& details) {
  details.Add("Objects",
              alert.objects_total == 0 ? "" : absl::StrFormat("%d", alert.objects_total));
  details.Add("", Named("namespaces", absl::StrJoin(alert.namespaces, ", ")));
  details.Add("", absl::StrJoin(alert.names, ", "));
  std::vector<std::string> stages;
  for (const auto& [stage, events] : alert.stages) {
    stages.push_back(absl::StrFormat("%s %d", StageName(stage), events));
  }
  details.Add("Evidence", WithRemarks(absl::StrFormat("%d events", alert.count), stages));
  details.Add("", absl::StrFormat("hark replay --events-of %s LOG...", alert.id));
  details.Add("Audit ids", absl::StrJoin(alert.audit_ids, ", "));
}

void AddWhen(const Alert& alert, Details& details) {
  details.Add("First", FormatRfc3339(alert.first));
  details.Add("Last", FormatRfc3339(alert.last));
  if (alert.state == AlertState::kClosed) {
    details.Add("Closed", FormatRfc3339(alert.closed));
  }
  if (!alert.exact) {
    details.Add("Not exact", "a limit was reached: the numbers are lower bounds");
  }
  if (alert.late) {
    details.Add("Late", "an event came too late to be judged in its place in the order");
  }
}

}  // namespace

absl::StatusOr<std::string> FormatAlertList(const std::vector<alert::AlertEntry>& alerts,
                                            const alert::TableOptions& options) {
  if (alerts.empty()) {
    return "no alerts\n";
  }
  const alert::AlertTable table(options);
  std::string text = table.Titles();
  for (const alert::AlertEntry& entry : alerts) {
    ASSIGN_OR_RETURN(const ParsedAlert parsed, alert::ParseAlert(entry.json));
    text += table.Row(parsed.alert, alert::SentenceWithoutActor(parsed));
  }
  return text;
}

absl::StatusOr<std::string> FormatAlert(const std::vector<alert::AlertEntry>& revisions,
                                        const alert::TableOptions& options) {
  ASSIGN_OR_RETURN(const ParsedAlert newest, alert::ParseAlert(revisions.back().json));
  const Alert& alert = newest.alert;
  Details details(options);
  details.Heading(newest.summary);
  details.Add("Alert", alert.id);
  details.Add("State", AlertStateName(alert.state));
  details.Add("Level", SeverityName(alert.level), alert::StyleOf(alert.level));
  AddRule(*newest.rule, details);
  AddWho(alert, details);
  AddRequest(alert, details);
  AddWhy(alert, details);
  AddWhat(alert, details);
  AddWhen(alert, details);
  details.Add("Benign if", newest.rule->falsepositives);
  details.Add("Read more", newest.rule->references);
  details.Blank();
  for (const alert::AlertEntry& entry : revisions) {
    ASSIGN_OR_RETURN(const ParsedAlert parsed, alert::ParseAlert(entry.json));
    details.Add(
        absl::StrFormat("Revision %d", parsed.alert.n),
        absl::StrFormat("%s, %s, %d events, detected %s", AlertStateName(parsed.alert.state),
                        SeverityName(parsed.alert.level), parsed.alert.count,
                        FormatRfc3339(entry.detected)));
  }
  return details.Take();
}

std::string FormatAlertLines(const std::vector<alert::AlertEntry>& alerts) {
  std::string lines;
  for (const alert::AlertEntry& entry : alerts) {
    lines.append(entry.json).push_back('\n');
  }
  return lines;
}

}  // namespace hark::cli
