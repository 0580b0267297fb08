#include "cli/rule_test_json.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

#include "base/json_writer.h"
#include "re2/re2.h"

namespace hark::cli {
namespace {

bool IsJsonLiteral(const std::string& text) {
  static const re2::RE2 kNumber(R"(-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?)");
  return text == "true" || text == "false" || re2::RE2::FullMatch(text, kNumber);
}

JsonValue FromYaml(const YamlNode& node) {
  JsonValue value;
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      value.kind = JsonValue::Kind::kLiteral;
      value.text = "null";
      return value;
    case YamlNode::Kind::kScalar:
      value.kind = !node.quoted && IsJsonLiteral(node.text) ? JsonValue::Kind::kLiteral
                                                            : JsonValue::Kind::kText;
      value.text = node.text;
      return value;
    case YamlNode::Kind::kList:
      value.kind = JsonValue::Kind::kList;
      std::transform(node.items.begin(), node.items.end(), std::back_inserter(value.items),
                     FromYaml);
      return value;
    case YamlNode::Kind::kMap:
      MergeYaml(node, value);
      return value;
  }
  return value;
}

std::string Quoted(std::string_view text, std::string_view index) {
  const std::string replaced =
      index.empty() ? std::string(text)
                    : absl::StrReplaceAll(std::string(text), {{"{i}", std::string(index)}});
  return JsonWriter().String(replaced).Take();
}

}  // namespace

JsonValue JsonValue::Text(std::string_view text) {
  JsonValue value;
  value.kind = Kind::kText;
  value.text = text;
  return value;
}

JsonValue JsonValue::Number(std::int64_t number) {
  JsonValue value;
  value.kind = Kind::kLiteral;
  value.text = absl::StrFormat("%d", number);
  return value;
}

JsonValue JsonValue::Texts(const std::vector<std::string>& texts) {
  JsonValue value;
  value.kind = Kind::kList;
  std::transform(texts.begin(), texts.end(), std::back_inserter(value.items), Text);
  return value;
}

JsonValue& JsonValue::At(std::string_view key) {
  const auto found = std::find(keys.begin(), keys.end(), key);
  if (found == keys.end()) {
    keys.emplace_back(key);
    return items.emplace_back();
  }
  return items[static_cast<std::size_t>(found - keys.begin())];
}

void JsonValue::Remove(std::string_view key) {
  const auto found = std::find(keys.begin(), keys.end(), key);
  if (found != keys.end()) {
    items.erase(items.begin() + (found - keys.begin()));
    keys.erase(found);
  }
}

void MergeYaml(const YamlNode& node, JsonValue& value) {
  if (!node.is_map()) {
    value = FromYaml(node);
    return;
  }
  if (value.kind != JsonValue::Kind::kMap) {
    value = JsonValue();
  }
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    if (node.items[i].is_null()) {
      value.Remove(node.keys[i].text);
    } else {
      MergeYaml(node.items[i], value.At(node.keys[i].text));
    }
  }
}

std::string ToJsonText(const JsonValue& value, std::string_view index) {
  switch (value.kind) {
    case JsonValue::Kind::kLiteral:
      return value.text;
    case JsonValue::Kind::kText:
      return Quoted(value.text, index);
    case JsonValue::Kind::kList:
    case JsonValue::Kind::kMap:
      break;
  }
  const bool is_map = value.kind == JsonValue::Kind::kMap;
  std::string text = is_map ? "{" : "[";
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    text += i > 0 ? "," : "";
    text += is_map ? Quoted(value.keys[i], index) + ":" : "";
    text += ToJsonText(value.items[i], index);
  }
  text += is_map ? "}" : "]";
  return text;
}

}  // namespace hark::cli
