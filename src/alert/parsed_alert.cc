#include "alert/parsed_alert.h"

#include <array>
#include <cstdint>
#include <optional>

#include "alert/json_reading.h"
#include "alert/summary.h"
#include "base/names.h"
#include "base/rfc3339.h"
#include "base/status_macros.h"

namespace hark::alert {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kSchema = "hark.alert/v1";

// A value, or why there is none. Reading on from what is not there finds nothing: what is absent,
// or is something else, is shown as empty.
using Value = simdjson::simdjson_result<dom::element>;

std::string Text(const Value& parent, std::string_view key) {
  std::string_view text;
  if (parent.at_key(key).get_string().get(text) != simdjson::SUCCESS) {
    return "";
  }
  return std::string(text);
}

std::vector<std::string> Texts(const Value& parent, std::string_view key) {
  std::vector<std::string> texts;
  dom::array array;
  if (parent.at_key(key).get_array().get(array) != simdjson::SUCCESS) {
    return texts;
  }
  for (const dom::element element : array) {
    std::string_view text;
    if (element.get_string().get(text) == simdjson::SUCCESS) {
      texts.emplace_back(text);
    }
  }
  return texts;
}

std::uint64_t Number(const Value& parent, std::string_view key) {
  std::uint64_t number = 0;
  return parent.at_key(key).get_uint64().get(number) == simdjson::SUCCESS ? number : 0;
}

bool Bool(const Value& parent, std::string_view key, bool otherwise) {
  bool value = false;
  return parent.at_key(key).get_bool().get(value) == simdjson::SUCCESS ? value : otherwise;
}

Micros Time(const Value& parent, std::string_view key) {
  return ParseRfc3339(Text(parent, key)).value_or(0);
}

std::optional<AlertState> ParseState(std::string_view name) {
  for (const AlertState state :
       {AlertState::kOpened, AlertState::kEscalated, AlertState::kClosed}) {
    if (AlertStateName(state) == name) {
      return state;
    }
  }
  return std::nullopt;
}

void ReadRule(const Value& root, RuleInfo& rule) {
  const Value object = root.at_key("rule");
  rule.id = Text(object, "id");
  rule.name = Text(object, "name");
  rule.version = Text(object, "version");
  rule.title = Text(object, "title");
  rule.author = Text(object, "author");
  const Value attack = object.at_key("attack");
  rule.tactics = Texts(attack, "tactics");
  rule.techniques = Texts(attack, "techniques");
  rule.references = Texts(object, "references");
  rule.falsepositives = Texts(object, "falsepositives");
}

void ReadOpening(const Value& root, Evidence& opening) {
  const Value actor = root.at_key("actor");
  opening.actor_name = Text(actor, "name");
  opening.actor_type = Text(actor, "type");
  opening.actor_known = Text(actor, "known");
  opening.actor_groups = Texts(actor, "groups");
  opening.actor_uid = Text(actor, "uid");
  opening.actor_credential = Text(actor, "credential");
  opening.impersonator = Text(actor, "impersonator");
  const Value source = root.at_key("source");
  opening.source_ip = Text(source, "ip");
  opening.source_ips = Texts(source, "ips");
  opening.user_agent = Text(source, "userAgent");
  const Value request = root.at_key("request");
  opening.verb = Text(request, "verb");
  opening.resource = Text(request, "resource");
  opening.namespace_name = Text(request, "namespace");
  opening.name = Text(request, "name");
  opening.uri = Text(request, "uri");
  opening.outcome = Text(request, "outcome");
  opening.reason = Text(request, "reason");
  std::int64_t code = 0;
  if (request.at_key("code").get_int64().get(code) == simdjson::SUCCESS) {
    opening.code = static_cast<std::int32_t>(code);
  }
}

void ReadGroup(const Value& root, RuleInfo& rule, Alert& alert) {
  dom::object group;
  if (root.at_key("group").get_object().get(group) != simdjson::SUCCESS) {
    return;
  }
  for (const dom::key_value_pair field : group) {
    rule.group_by.emplace_back(field.key);
    std::string_view text;
    const bool is_text = field.value.get_string().get(text) == simdjson::SUCCESS;
    alert.group.push_back(is_text ? GroupValue(text) : std::nullopt);
  }
}

void ReadWindow(const Value& root, RuleInfo& rule, Alert& alert) {
  const Value window = root.at_key("window");
  rule.window_type = Text(window, "type");
  rule.timespan = ParseDuration(Text(window, "timespan")).value_or(0);
  rule.threshold = Text(window, "threshold");
  alert.count = Number(window, "count");
  alert.total = Number(window, "total");
}

void ReadMatched(const Value& root, Alert& alert) {
  dom::array matched;
  if (root.at_key("matched").get_array().get(matched) != simdjson::SUCCESS) {
    return;
  }
  for (const dom::element element : matched) {
    const Value match(dom::element{element});
    alert.matched.push_back({Text(match, "field"), Text(match, "value")});
  }
}

void ReadEvidence(const Value& root, Alert& alert) {
  const Value objects = root.at_key("objects");
  alert.objects_total = Number(objects, "total");
  alert.namespaces = Texts(objects, "namespaces");
  alert.names = Texts(objects, "names");
  const Value evidence = root.at_key("evidence");
  alert.audit_ids = Texts(evidence, "auditIDs");
  const Value stages = evidence.at_key("stages");
  for (const Stage stage : {Stage::kRequestReceived, Stage::kResponseStarted,
                            Stage::kResponseComplete, Stage::kPanic}) {
    if (const std::uint64_t events = Number(stages, StageName(stage)); events > 0) {
      alert.stages[stage] = events;
    }
  }
}

}  // namespace

absl::StatusOr<ParsedAlert> ParseAlert(std::string_view json) {
  dom::parser parser;
  const Value root = parser.parse(json.data(), json.size());
  RETURN_IF_ERROR(ToStatus(root.error()));
  if (Text(root, "schema") != kSchema) {
    return InvalidArgument("no alert of schema %s: \"%s\"", kSchema, Text(root, "schema"));
  }
  ParsedAlert parsed;
  parsed.rule = std::make_unique<RuleInfo>();
  parsed.summary = Text(root, "summary");
  Alert& alert = parsed.alert;
  alert.rule = parsed.rule.get();
  alert.id = Text(root, "id");
  alert.n = static_cast<std::uint32_t>(Number(root, "n"));
  const std::optional<AlertState> state = ParseState(Text(root, "state"));
  const std::optional<Severity> level = ParseSeverity(Text(root, "level"));
  if (alert.id.empty() || alert.n == 0 || !state.has_value() || !level.has_value()) {
    return InvalidArgument("an alert without id, n, state or level");
  }
  alert.state = *state;
  alert.level = *level;
  alert.cluster = Text(root, "cluster");
  ReadRule(root, *parsed.rule);
  ReadOpening(root, alert.opening);
  ReadGroup(root, *parsed.rule, alert);
  ReadWindow(root, *parsed.rule, alert);
  ReadMatched(root, alert);
  ReadEvidence(root, alert);
  alert.first = Time(root, "first");
  alert.last = Time(root, "last");
  alert.closed = Time(root, "closed");
  if (Text(root, "reason") == CloseReasonName(CloseReason::kRuleChanged)) {
    alert.close_reason = CloseReason::kRuleChanged;
  }
  alert.exact = Bool(root, "exact", true);
  alert.late = Bool(root, "late", false);
  return parsed;
}

std::string_view SentenceWithoutActor(const ParsedAlert& parsed) {
  const std::string_view actor = ActorName(parsed.alert);
  std::string_view sentence = parsed.summary;
  if (sentence.size() > actor.size() && sentence.starts_with(actor) &&
      sentence[actor.size()] == ' ') {
    sentence.remove_prefix(actor.size() + 1);
  }
  return sentence;
}

}  // namespace hark::alert
