#include "alert/alert_json.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "alert/summary.h"
#include "base/json_writer.h"
#include "base/rfc3339.h"

namespace hark::alert {
namespace {

constexpr std::string_view kSchema = "hark.alert/v1";

void Text(JsonWriter& json, std::string_view key, std::string_view value) {
  if (!value.empty()) {
    json.Key(key).String(value);
  }
}

void List(JsonWriter& json, std::string_view key, const std::vector<std::string>& values) {
  if (values.empty()) {
    return;
  }
  json.Key(key).BeginArray();
  for (const std::string& value : values) {
    json.String(value);
  }
  json.EndArray();
}

void Number(JsonWriter& json, std::string_view key, std::uint64_t value) {
  json.Key(key).Unsigned(value);
}

void Time(JsonWriter& json, std::string_view key, Micros time) {
  json.Key(key).String(FormatRfc3339(time));
}

void WriteRule(JsonWriter& json, const RuleInfo& rule) {
  json.Key("rule").BeginObject();
  Text(json, "id", rule.id);
  Text(json, "name", rule.name);
  Text(json, "version", rule.version);
  Text(json, "title", rule.title);
  Text(json, "author", rule.author);
  if (!rule.tactics.empty() || !rule.techniques.empty()) {
    json.Key("attack").BeginObject();
    List(json, "tactics", rule.tactics);
    List(json, "techniques", rule.techniques);
    json.EndObject();
  }
  List(json, "references", rule.references);
  List(json, "falsepositives", rule.falsepositives);
  json.EndObject();
}

void WriteActor(JsonWriter& json, const Evidence& evidence) {
  json.Key("actor").BeginObject();
  Text(json, "name", evidence.actor_name);
  Text(json, "type", evidence.actor_type);
  Text(json, "known", evidence.actor_known);
  List(json, "groups", evidence.actor_groups);
  Text(json, "uid", evidence.actor_uid);
  Text(json, "credential", evidence.actor_credential);
  Text(json, "impersonator", evidence.impersonator);
  json.EndObject();
}

void WriteSource(JsonWriter& json, const Evidence& evidence) {
  json.Key("source").BeginObject();
  Text(json, "ip", evidence.source_ip);
  List(json, "ips", evidence.source_ips);
  Text(json, "userAgent", evidence.user_agent);
  json.EndObject();
}

void WriteRequest(JsonWriter& json, const Evidence& evidence) {
  json.Key("request").BeginObject();
  Text(json, "verb", evidence.verb);
  Text(json, "resource", evidence.resource);
  Text(json, "namespace", evidence.namespace_name);
  Text(json, "name", evidence.name);
  Text(json, "uri", evidence.uri);
  if (evidence.code != 0) {
    json.Key("code").Signed(evidence.code);
  }
  Text(json, "outcome", evidence.outcome);
  Text(json, "reason", evidence.reason);
  json.EndObject();
}

void WriteGroup(JsonWriter& json, const Alert& alert) {
  json.Key("group").BeginObject();
  const std::size_t size = std::min(alert.group.size(), alert.rule->group_by.size());
  for (std::size_t i = 0; i < size; ++i) {
    json.Key(alert.rule->group_by[i]);
    if (alert.group[i].has_value()) {
      json.String(*alert.group[i]);
    } else {
      json.Null();
    }
  }
  json.EndObject();
}

void WriteWindow(JsonWriter& json, const Alert& alert) {
  json.Key("window").BeginObject();
  Text(json, "type", alert.rule->window_type);
  if (alert.rule->timespan != 0) {
    json.Key("timespan").String(FormatDuration(alert.rule->timespan));
  }
  Text(json, "threshold", alert.rule->threshold);
  Number(json, "count", alert.count);
  if (alert.total != 0) {
    Number(json, "total", alert.total);
  }
  json.EndObject();
}

void WriteMatched(JsonWriter& json, const std::vector<MatchedField>& matched) {
  json.Key("matched").BeginArray();
  for (const MatchedField& match : matched) {
    json.BeginObject();
    json.Key("field").String(match.field);
    json.Key("value").String(match.value);
    json.EndObject();
  }
  json.EndArray();
}

void WriteObjects(JsonWriter& json, const Alert& alert) {
  json.Key("objects").BeginObject();
  Number(json, "total", alert.objects_total);
  List(json, "namespaces", alert.namespaces);
  List(json, "names", alert.names);
  json.EndObject();
}

void WriteEvidence(JsonWriter& json, const Alert& alert) {
  json.Key("evidence").BeginObject();
  List(json, "auditIDs", alert.audit_ids);
  Number(json, "events", alert.count);
  json.Key("stages").BeginObject();
  for (const auto& [stage, events] : alert.stages) {
    Number(json, StageName(stage), events);
  }
  json.EndObject();
  json.EndObject();
}

}  // namespace

std::string ToJson(const Alert& alert) {
  JsonWriter json;
  json.BeginObject();
  Text(json, "schema", kSchema);
  Text(json, "id", alert.id);
  Number(json, "n", alert.n);
  Text(json, "state", AlertStateName(alert.state));
  Text(json, "level", SeverityName(alert.level));
  Text(json, "title", alert.rule->title);
  Text(json, "summary", RenderSummary(alert));
  WriteRule(json, *alert.rule);
  Text(json, "cluster", alert.cluster);
  WriteActor(json, alert.opening);
  WriteSource(json, alert.opening);
  WriteRequest(json, alert.opening);
  WriteGroup(json, alert);
  WriteWindow(json, alert);
  WriteMatched(json, alert.matched);
  WriteObjects(json, alert);
  WriteEvidence(json, alert);
  Time(json, "first", alert.first);
  Time(json, "last", alert.last);
  if (alert.state == AlertState::kClosed) {
    Time(json, "closed", alert.closed);
    Text(json, "reason", CloseReasonName(alert.close_reason));
  }
  json.Key("exact").Bool(alert.exact);
  json.Key("late").Bool(alert.late);
  json.EndObject();
  return json.Take();
}

}  // namespace hark::alert
