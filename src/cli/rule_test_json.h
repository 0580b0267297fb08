#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml_node.h"

namespace hark::cli {

// A JSON value that is put together piece by piece: an audit event of a rule's test. The keys of a
// map keep their order. A value: copies are deep.
struct JsonValue {
  enum class Kind : std::uint8_t { kLiteral, kText, kList, kMap };
  Kind kind = Kind::kMap;
  std::string text;  // kText; kLiteral: a number, true, false or null, as it is written
  std::vector<std::string> keys;  // kMap
  std::vector<JsonValue> items;   // kList; kMap: the values, in the order of the keys

  static JsonValue Text(std::string_view text);
  static JsonValue Number(std::int64_t number);
  static JsonValue Texts(const std::vector<std::string>& texts);

  // The value of the key, which is added if it is not there. REQUIRES: this is a map.
  JsonValue& At(std::string_view key);
  void Remove(std::string_view key);
};

// Lays the YAML node over the value: maps are merged key by key, everything else is replaced, null
// removes a key. Plain scalars that read as a JSON literal become one.
void MergeYaml(const YamlNode& node, JsonValue& value);

// As text on one line, in which every "{i}" has become `index` if that is not empty.
std::string ToJsonText(const JsonValue& value, std::string_view index);

}  // namespace hark::cli
