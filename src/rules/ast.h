#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "rules/fields.h"
#include "rules/value_matcher.h"

namespace hark::rules {

// One value of a selection as the rule means it, modifiers applied: `contains: x` is the pattern
// "*x*". Its printed form goes into the version of a rule, so it does not depend on how the value
// is compiled.
struct Value {
  enum class Kind : std::uint8_t {
    kPattern,
    kRegex,
    kCidr,
    kLess,
    kLessOrEqual,
    kGreater,
    kGreaterOrEqual,
    kNull,
  };
  Kind kind = Kind::kPattern;
  bool cased = false;
  // kPattern: * and ? are wildcards, \ escapes them and itself, lower case unless `cased`.
  // kRegex: RE2 with its flags in front, "(?i)...". kCidr: the network.
  std::string text;
  double number = 0;  // the comparisons
};

// One field compared with the values of one item of a selection.
struct Match {
  Field field;
  bool all = false;            // every value must match, not any
  std::optional<bool> exists;  // `|exists`: there are no values then
  std::vector<Value> values;
};

// A condition with its selections put in.
struct Expr {
  enum class Kind : std::uint8_t { kAnd, kOr, kNot, kMatch };
  Kind kind = Kind::kMatch;
  std::vector<Expr> children;  // kAnd, kOr: two or more; kNot: one
  Match match;                 // kMatch
};

// Build canonical expressions: an `and` within an `and` and an `or` within an `or` are flattened,
// one operand stands for itself, and two `not` cancel out. REQUIRES: operands is not empty.
Expr MakeAnd(std::vector<Expr> operands);
Expr MakeOr(std::vector<Expr> operands);
Expr MakeNot(Expr operand);
Expr MakeMatch(Match match);

// Nodes and values of the expression: what it costs to copy.
std::size_t SizeOf(const Expr& expr);

// Reads the wildcards and escapes of a Sigma value (sigma.md 1.2) into the form of
// Value::kPattern; a run of stars becomes one.
std::string ParsePattern(std::string_view sigma_text);

// Fails on an expression that RE2 does not take and on what is no network.
absl::StatusOr<ValueMatcher> CompileValue(const Value& value);

// One line, the same for the same meaning as far as the normal form goes:
// `(verb: ("get" or "list") and not objectRef.name: "sh.helm.*")`.
std::string Print(const Expr& expr);
std::string Print(const Match& match);
std::string Print(const Value& value);
// A field's name, quoted where it would be mistaken for something else.
std::string PrintName(std::string_view name);

}  // namespace hark::rules
