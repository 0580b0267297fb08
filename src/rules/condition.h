#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "base/yaml_node.h"
#include "rules/ast.h"

namespace hark::rules {

// A selection of a rule: what an identifier in the condition stands for.
struct Selection {
  std::string name;
  Location location;
  Expr expr;
  bool used = false;  // by some condition
};

// Reads one condition and puts the selections in:
//
//   expr  := and ("or" and)*           and  := not ("and" not)*      not := "not" not | atom
//   atom  := "(" expr ")" | quant "of" pattern | identifier
//   quant := "1" | "any" | "all"       pattern := "them" | identifier in which * stands for any run
//
// Keywords may be written in any case, identifiers only as they are. `them` and a pattern leave
// out the identifiers that begin with "_", unless the pattern begins with it too. Marks what it
// uses. nullopt if there was an error. REQUIRES: `text` is a scalar.
std::optional<Expr> ParseCondition(const YamlNode& text, std::vector<Selection>& selections,
                                   Diagnostics& diagnostics);

}  // namespace hark::rules
