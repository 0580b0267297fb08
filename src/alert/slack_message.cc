#include "alert/slack_message.h"

#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

#include "alert/parsed_alert.h"
#include "alert/summary.h"
#include "base/json_writer.h"
#include "base/rfc3339.h"
#include "base/status_macros.h"
#include "base/text.h"

namespace hark::alert {
namespace {

// What Slack takes: 150 characters in a header, 3,000 in a section, 2,000 in a field. An escape may
// make six bytes of one.
constexpr std::size_t kMaxHeader = 140;
constexpr std::size_t kMaxSection = 2'900;
constexpr std::size_t kMaxField = 300;

// Escapes only so much of the text as then fits, so that no escape is cut.
std::string Cut(std::string_view text, std::size_t max_bytes) {
  std::string_view rest = CutUtf8(text, max_bytes);
  std::string escaped = EscapeForSlack(rest);
  while (escaped.size() > max_bytes) {
    rest = CutUtf8(rest, rest.size() - 1 - (escaped.size() - max_bytes) / 8);
    escaped = EscapeForSlack(rest);
  }
  return rest.size() < text.size() ? escaped + "\u2026" : escaped;
}

void PlainText(JsonWriter& json, std::string_view text) {
  json.BeginObject().Key("type").String("plain_text").Key("text").String(text);
  json.Key("emoji").Bool(false).EndObject();
}

void Field(JsonWriter& json, std::string_view label, std::string_view value) {
  if (!value.empty()) {
    PlainText(json, absl::StrFormat("%s: %s", label, Cut(value, kMaxField)));
  }
}

std::string Heading(const Alert& alert) {
  return absl::StrFormat("%s: %s (%s)",
                         absl::AsciiStrToUpper(std::string(SeverityName(alert.level))),
                         alert.rule->title, AlertStateName(alert.state));
}

void WriteFields(const Alert& alert, JsonWriter& json) {
  json.BeginObject().Key("type").String("section").Key("fields").BeginArray();
  Field(json, "Cluster", alert.cluster);
  Field(json, "Actor", ActorName(alert));
  Field(json, "From", alert.opening.source_ip);
  Field(json, "Events", absl::StrFormat("%d", alert.count));
  Field(json, "First", FormatRfc3339(alert.first));
  Field(json, "Last", FormatRfc3339(alert.last));
  Field(json, "ATT&CK", absl::StrJoin(alert.rule->techniques, ", "));
  Field(json, "Rule", alert.rule->name.empty() ? alert.rule->id : alert.rule->name);
  json.EndArray().EndObject();
}

}  // namespace

std::string EscapeForSlack(std::string_view text) {
  std::string escaped;
  for (const char c : EscapeForTerminal(text)) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      default:
        escaped.push_back(c);
    }
  }
  return escaped;
}

absl::StatusOr<std::string> SlackMessage(const Revision& revision) {
  ASSIGN_OR_RETURN(const ParsedAlert parsed, ParseAlert(revision.json));
  const Alert& alert = parsed.alert;
  const std::string heading = Cut(Heading(alert), kMaxHeader);
  const std::string summary = Cut(parsed.summary, kMaxSection);
  JsonWriter json;
  json.BeginObject();
  // What notifications show; the blocks are what the channel shows.
  json.Key("text").String(absl::StrFormat("%s: %s", heading, summary));
  json.Key("mrkdwn").Bool(false);
  // Slack must not fetch what somebody has put into a name.
  json.Key("unfurl_links").Bool(false).Key("unfurl_media").Bool(false).Key("blocks").BeginArray();
  json.BeginObject().Key("type").String("header").Key("text");
  PlainText(json, heading);
  json.EndObject().BeginObject().Key("type").String("section").Key("text");
  PlainText(json, summary);
  json.EndObject();
  WriteFields(alert, json);
  json.BeginObject().Key("type").String("context").Key("elements").BeginArray();
  PlainText(json, absl::StrFormat("hark alert %s, revision %d", alert.id, alert.n));
  json.EndArray().EndObject().EndArray().EndObject();
  return json.Take();
}

}  // namespace hark::alert
