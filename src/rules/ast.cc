#include "rules/ast.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"

#include "base/spelling.h"
#include "base/status_macros.h"
#include "re2/re2.h"
#include "rules/number.h"

namespace hark::rules {
namespace {

// Enough for every pattern a person writes; a larger one would make a rule set that costs
// gigabytes in caches.
constexpr std::int64_t kRegexMemory = 1 << 20;

Expr MakeList(Expr::Kind kind, std::vector<Expr> operands) {
  if (operands.size() == 1) {
    return std::move(operands.front());
  }
  Expr result;
  result.kind = kind;
  for (Expr& operand : operands) {
    if (operand.kind == kind) {
      std::move(operand.children.begin(), operand.children.end(),
                std::back_inserter(result.children));
    } else {
      result.children.push_back(std::move(operand));
    }
  }
  return result;
}

bool IsSpecial(char c) {
  return c == '*' || c == '?' || c == '\\';
}

// What the text of a pattern is made of: whether it begins and ends with a star, what is between,
// and whether any other wildcard is among that.
struct PatternShape {
  bool starts_with_star = false;
  bool ends_with_star = false;
  bool other_wildcards = false;
  std::string literal;  // unescaped
};

PatternShape ShapeOf(std::string_view pattern) {
  PatternShape shape;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\' && i + 1 < pattern.size()) {
      shape.literal.push_back(pattern[++i]);
    } else if (c == '*' && i == 0) {
      shape.starts_with_star = true;
    } else if (c == '*' && i + 1 == pattern.size()) {
      shape.ends_with_star = true;
    } else if (c == '*' || c == '?') {
      shape.other_wildcards = true;
    } else {
      shape.literal.push_back(c);
    }
  }
  return shape;
}

ValueMatcher CompilePattern(const Value& value) {
  PatternShape shape = ShapeOf(value.text);
  ValueMatcher matcher;
  matcher.cased = value.cased;
  if (shape.other_wildcards) {
    matcher.kind = ValueMatcher::Kind::kWildcard;
    matcher.text = value.text;
    return matcher;
  }
  matcher.text = std::move(shape.literal);
  const bool only_star = value.text == "*";
  if (only_star || (shape.starts_with_star && shape.ends_with_star)) {
    matcher.kind = ValueMatcher::Kind::kContains;
  } else if (shape.starts_with_star) {
    matcher.kind = ValueMatcher::Kind::kSuffix;
  } else if (shape.ends_with_star) {
    matcher.kind = ValueMatcher::Kind::kPrefix;
  } else {
    matcher.kind = ValueMatcher::Kind::kEquals;
    matcher.number = ParseExactNumber(matcher.text);
  }
  return matcher;
}

absl::StatusOr<ValueMatcher> CompileRegex(const Value& value) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kRegexMemory);
  auto regex = std::make_shared<const re2::RE2>(value.text, options);
  if (!regex->ok()) {
    return InvalidArgument("the regular expression is not valid: %s", regex->error());
  }
  ValueMatcher matcher;
  matcher.kind = ValueMatcher::Kind::kRegex;
  matcher.cased = true;
  matcher.text = value.text;
  matcher.regex = std::move(regex);
  return matcher;
}

absl::StatusOr<ValueMatcher> CompileCidr(const Value& value) {
  ValueMatcher matcher;
  matcher.kind = ValueMatcher::Kind::kCidr;
  matcher.text = value.text;
  matcher.cidr = ParseCidr(value.text);
  if (!matcher.cidr.has_value()) {
    return InvalidArgument(
        "'%s' is no network: write an address, a slash and a length, with no bit set after it",
        value.text);
  }
  return matcher;
}

ValueMatcher CompileComparison(const Value& value) {
  ValueMatcher matcher;
  matcher.number = value.number;
  switch (value.kind) {
    case Value::Kind::kLess:
      matcher.kind = ValueMatcher::Kind::kLess;
      break;
    case Value::Kind::kLessOrEqual:
      matcher.kind = ValueMatcher::Kind::kLessOrEqual;
      break;
    case Value::Kind::kGreater:
      matcher.kind = ValueMatcher::Kind::kGreater;
      break;
    default:
      matcher.kind = ValueMatcher::Kind::kGreaterOrEqual;
      break;
  }
  return matcher;
}

std::string PrintList(const std::vector<Expr>& operands, std::string_view separator) {
  std::string text = "(";
  for (std::size_t i = 0; i < operands.size(); ++i) {
    text.append(i == 0 ? "" : separator).append(Print(operands[i]));
  }
  return text + ")";
}

}  // namespace

Expr MakeAnd(std::vector<Expr> operands) {
  return MakeList(Expr::Kind::kAnd, std::move(operands));
}

Expr MakeOr(std::vector<Expr> operands) {
  return MakeList(Expr::Kind::kOr, std::move(operands));
}

Expr MakeNot(Expr operand) {
  if (operand.kind == Expr::Kind::kNot) {
    Expr inner = std::move(operand.children.front());
    return inner;
  }
  Expr result;
  result.kind = Expr::Kind::kNot;
  result.children.push_back(std::move(operand));
  return result;
}

Expr MakeMatch(Match match) {
  Expr result;
  result.kind = Expr::Kind::kMatch;
  result.match = std::move(match);
  return result;
}

std::size_t SizeOf(const Expr& expr) {
  std::size_t size = 1 + expr.match.values.size();
  for (const Expr& child : expr.children) {
    size += SizeOf(child);
  }
  return size;
}

std::string ParsePattern(std::string_view sigma_text) {
  std::string pattern;
  const auto add_literal = [&pattern](char c) {
    if (IsSpecial(c)) {
      pattern.push_back('\\');
    }
    pattern.push_back(c);
  };
  bool after_star = false;
  for (std::size_t i = 0; i < sigma_text.size(); ++i) {
    const char c = sigma_text[i];
    const bool star = c == '*';
    if (c == '\\' && i + 1 < sigma_text.size() && IsSpecial(sigma_text[i + 1])) {
      add_literal(sigma_text[++i]);
    } else if (c == '?' || star) {
      if (!(star && after_star)) {
        pattern.push_back(c);
      }
    } else {
      add_literal(c);
    }
    after_star = star;
  }
  return pattern;
}

absl::StatusOr<ValueMatcher> CompileValue(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kPattern:
      return CompilePattern(value);
    case Value::Kind::kRegex:
      return CompileRegex(value);
    case Value::Kind::kCidr:
      return CompileCidr(value);
    case Value::Kind::kNull: {
      ValueMatcher matcher;
      matcher.kind = ValueMatcher::Kind::kNull;
      return matcher;
    }
    default:
      return CompileComparison(value);
  }
}

std::string PrintName(std::string_view name) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/";
  if (!name.empty() && name.find_first_not_of(kPlain) == std::string_view::npos) {
    return std::string(name);
  }
  return "'" + absl::Utf8SafeCEscape(absl::string_view(name.data(), name.size())) + "'";
}

std::string Print(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kPattern:
      return absl::StrFormat("%s\"%s\"", value.cased ? "cased " : "",
                             absl::Utf8SafeCEscape(value.text));
    case Value::Kind::kRegex:
      return absl::StrFormat("re \"%s\"", absl::Utf8SafeCEscape(value.text));
    case Value::Kind::kCidr:
      return "cidr " + value.text;
    case Value::Kind::kLess:
      return "< " + FormatNumber(value.number);
    case Value::Kind::kLessOrEqual:
      return "<= " + FormatNumber(value.number);
    case Value::Kind::kGreater:
      return "> " + FormatNumber(value.number);
    case Value::Kind::kGreaterOrEqual:
      return ">= " + FormatNumber(value.number);
    case Value::Kind::kNull:
      return "null";
  }
  return "";
}

std::string Print(const Match& match) {
  std::string text = PrintName(match.field.name) + ": ";
  if (match.exists.has_value()) {
    return text + (*match.exists ? "exists" : "absent");
  }
  if (match.values.size() == 1) {
    return text + Print(match.values.front());
  }
  text += "(";
  for (std::size_t i = 0; i < match.values.size(); ++i) {
    text += i == 0 ? "" : (match.all ? " and " : " or ");
    text += Print(match.values[i]);
  }
  return text + ")";
}

std::string Print(const Expr& expr) {
  switch (expr.kind) {
    case Expr::Kind::kAnd:
      return PrintList(expr.children, " and ");
    case Expr::Kind::kOr:
      return PrintList(expr.children, " or ");
    case Expr::Kind::kNot:
      return "not " + Print(expr.children.front());
    case Expr::Kind::kMatch:
      return Print(expr.match);
  }
  return "";
}

}  // namespace hark::rules
