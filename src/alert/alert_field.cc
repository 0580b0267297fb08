#include "alert/alert_field.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/json_writer.h"
#include "base/spelling.h"
#include "base/status_macros.h"

namespace hark::alert {
namespace {

namespace dom = simdjson::dom;

// In the order of docs/alerts.md.
constexpr std::array<std::string_view, 61> kFields = {"schema",
                                                      "id",
                                                      "n",
                                                      "state",
                                                      "level",
                                                      "title",
                                                      "summary",
                                                      "rule",
                                                      "rule.id",
                                                      "rule.name",
                                                      "rule.version",
                                                      "rule.title",
                                                      "rule.author",
                                                      "rule.attack",
                                                      "rule.attack.tactics",
                                                      "rule.attack.techniques",
                                                      "rule.references",
                                                      "rule.falsepositives",
                                                      "cluster",
                                                      "actor",
                                                      "actor.name",
                                                      "actor.type",
                                                      "actor.known",
                                                      "actor.groups",
                                                      "actor.uid",
                                                      "actor.credential",
                                                      "actor.impersonator",
                                                      "source",
                                                      "source.ip",
                                                      "source.ips",
                                                      "source.userAgent",
                                                      "request",
                                                      "request.verb",
                                                      "request.resource",
                                                      "request.namespace",
                                                      "request.name",
                                                      "request.uri",
                                                      "request.code",
                                                      "request.outcome",
                                                      "request.reason",
                                                      "group",
                                                      "window",
                                                      "window.type",
                                                      "window.timespan",
                                                      "window.threshold",
                                                      "window.count",
                                                      "window.total",
                                                      "matched",
                                                      "objects",
                                                      "objects.total",
                                                      "objects.namespaces",
                                                      "objects.names",
                                                      "evidence",
                                                      "evidence.auditIDs",
                                                      "evidence.events",
                                                      "evidence.stages",
                                                      "first",
                                                      "last",
                                                      "closed",
                                                      "exact",
                                                      "late"};
constexpr std::string_view kGroup = "group.";

void WriteValue(const dom::element& value, JsonWriter& json) {
  switch (value.type()) {
    case dom::element_type::OBJECT:
      json.BeginObject();
      for (const dom::key_value_pair member : dom::object(value)) {
        json.Key(member.key);
        WriteValue(member.value, json);
      }
      json.EndObject();
      return;
    case dom::element_type::ARRAY:
      json.BeginArray();
      for (const dom::element item : dom::array(value)) {
        WriteValue(item, json);
      }
      json.EndArray();
      return;
    case dom::element_type::STRING:
      json.String(std::string_view(value));
      return;
    default:
      json.Raw(simdjson::minify(value));
  }
}

}  // namespace

absl::Status CheckAlertField(std::string_view field) {
  if (std::find(kFields.begin(), kFields.end(), field) != kFields.end() ||
      (field.starts_with(kGroup) && field.size() > kGroup.size())) {
    return absl::OkStatus();
  }
  return InvalidArgument("unknown field '%s'%s", field, DidYouMean(field, kFields));
}

simdjson::simdjson_result<dom::element> FindAlertField(const dom::element& alert,
                                                       std::string_view field) {
  if (field.starts_with(kGroup)) {
    return alert.at_key("group").at_key(field.substr(kGroup.size()));
  }
  simdjson::simdjson_result<dom::element> value(dom::element{alert});
  for (std::size_t begin = 0; begin <= field.size();) {
    const std::size_t end = std::min(field.find('.', begin), field.size());
    value = value.at_key(field.substr(begin, end - begin));
    begin = end + 1;
  }
  return value;
}

std::string JsonOf(const dom::element& value) {
  JsonWriter json;
  WriteValue(value, json);
  return json.Take();
}

std::string TextOf(const dom::element& value) {
  return value.is_string() ? std::string(std::string_view(value)) : JsonOf(value);
}

std::vector<std::string> TextsOf(const dom::element& value) {
  if (!value.is_array()) {
    return {TextOf(value)};
  }
  std::vector<std::string> texts;
  for (const dom::element item : dom::array(value)) {
    texts.push_back(TextOf(item));
  }
  return texts;
}

}  // namespace hark::alert
