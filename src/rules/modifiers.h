#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/diagnostics.h"
#include "base/yaml_node.h"
#include "rules/ast.h"

namespace hark::rules {

// The key of an item of a selection, `field|modifier|modifier`, taken apart.
struct ItemKey {
  enum class Placement : std::uint8_t { kWhole, kContains, kStartsWith, kEndsWith };
  std::string field;
  Placement placement = Placement::kWhole;
  bool all = false;
  bool negated = false;  // neq
  bool cased = false;
  bool exists = false;
  bool cidr = false;
  bool regex = false;
  std::string regex_flags;                // of "ims", sorted, each once
  std::optional<Value::Kind> comparison;  // kLess to kGreaterOrEqual
};

// Reads a key, and checks that its modifiers may stand together. nullopt if there was an error.
std::optional<ItemKey> ParseItemKey(const YamlNode& key, Diagnostics& diagnostics);

}  // namespace hark::rules
