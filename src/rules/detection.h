#pragma once

#include <optional>

#include "base/diagnostics.h"
#include "base/yaml_node.h"
#include "rules/ast.h"

namespace hark::rules {

// `field|modifiers: value or values`, one item of a selection. nullopt if there was an error. A
// field that no event can have draws a warning.
std::optional<Expr> ReadItem(const YamlNode& key, const YamlNode& value, Diagnostics& diagnostics);

// The `detection` of a rule: its selections, put into its condition. nullopt if there was an
// error.
std::optional<Expr> ReadDetection(const YamlNode& detection, Diagnostics& diagnostics);

// Resolves a field; one that no event can have draws a warning with the nearest that one can.
Field ReadField(std::string_view name, const Location& location, Diagnostics& diagnostics);

}  // namespace hark::rules
