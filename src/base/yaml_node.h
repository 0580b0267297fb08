#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"

namespace hark {

// One node of a YAML document, with its place in the file. A value: copies are deep.
struct YamlNode {
  enum class Kind : std::uint8_t { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  Location location;
  std::string text;     // kScalar: its text; whether it is a number is for the reader to say
  bool quoted = false;  // kScalar: quoted or a block
  // kScalar: `text` stands in one line of the file as it is, so that a place within it is known.
  bool verbatim = false;
  std::vector<YamlNode> keys;   // kMap: scalars, each different
  std::vector<YamlNode> items;  // kList: its items; kMap: the values, in the order of the keys

  bool is_scalar() const { return kind == Kind::kScalar; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_map() const { return kind == Kind::kMap; }
  bool is_null() const { return kind == Kind::kNull; }

  // The value of that key; null if there is none, or if this is no map.
  const YamlNode* Find(std::string_view key) const;
  // Where byte `offset` of a scalar's text stands; the place of the scalar if that is not known.
  Location Within(std::size_t offset) const;
};

// "a map", "a list", "text", "nothing": for messages.
std::string_view KindName(YamlNode::Kind kind);

}  // namespace hark
