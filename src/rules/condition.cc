#include "rules/condition.h"

#include <cstddef>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"

#include "base/spelling.h"

namespace hark::rules {
namespace {

// `1 of x*` repeats all that x* stands for: a short text could otherwise fill the memory.
constexpr std::size_t kMaxSize = 100'000;
constexpr int kMaxDepth = 64;
constexpr const char* kUnopened = "there is no '(' for this ')'";

struct Token {
  std::string_view text;  // "(" or ")", a word, or empty at the end
  std::size_t offset = 0;
};

bool IsWordByte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '*';
}

bool MatchesPattern(std::string_view name, std::string_view pattern) {
  const bool hidden = name.starts_with('_') && !pattern.starts_with('_');
  if (hidden) {
    return false;
  }
  if (pattern == "them") {
    return true;
  }
  ValueMatcher matcher;
  matcher.kind = ValueMatcher::Kind::kWildcard;
  matcher.cased = true;
  matcher.text = std::string(pattern);
  return matcher.Matches({FieldValue::Kind::kText, name, 0});
}

class ConditionParser {
 public:
  ConditionParser(const YamlNode& text, std::vector<Selection>& selections,
                  Diagnostics& diagnostics)
      : node_(text), selections_(selections), diagnostics_(diagnostics) {}

  std::optional<Expr> Parse() {
    if (!Split()) {
      return std::nullopt;
    }
    std::optional<Expr> expr = ParseOr(0);
    if (expr.has_value() && Next().text == ")") {
      return Fail(Next(), kUnopened);
    }
    if (expr.has_value() && !Next().text.empty()) {
      return Fail(Next(), absl::StrFormat("'and', 'or' or the end of the condition must stand "
                                          "here, not '%s'",
                                          Next().text));
    }
    return expr;
  }

 private:
  std::nullopt_t Fail(const Token& token, std::string message) {
    diagnostics_.Error(node_.Within(token.offset), std::move(message));
    return std::nullopt;
  }

  bool Split() {
    const std::string_view text = node_.text;
    std::size_t i = 0;
    while (i < text.size()) {
      const std::size_t start = i;
      if (absl::ascii_isspace(static_cast<unsigned char>(text[i]))) {
        ++i;
        continue;
      }
      if (text[i] == '(' || text[i] == ')') {
        ++i;
      } else if (IsWordByte(text[i])) {
        while (i < text.size() && IsWordByte(text[i])) {
          ++i;
        }
      } else if (text[i] == '|') {
        Fail({text.substr(i, 1), i},
             "Sigma 2 has no '|' in conditions: write a correlation that names this rule");
        return false;
      } else {
        Fail({text.substr(i, 1), i}, "a condition holds words, parentheses and '*' only");
        return false;
      }
      tokens_.push_back({text.substr(start, i - start), start});
    }
    tokens_.push_back({"", text.size()});
    return true;
  }

  const Token& Next() const { return tokens_[position_]; }
  const Token& Take() { return tokens_[position_ + 1 < tokens_.size() ? position_++ : position_]; }

  static bool Is(const Token& token, std::string_view keyword) {
    return LowerAscii(token.text) == keyword;
  }

  // Operands of one kind with `keyword` between them.
  template <typename ParseOperand>
  std::optional<std::vector<Expr>> ParseList(std::string_view keyword, ParseOperand parse) {
    std::vector<Expr> operands;
    do {
      if (!operands.empty()) {
        Take();
      }
      std::optional<Expr> operand = parse();
      if (!operand.has_value()) {
        return std::nullopt;
      }
      operands.push_back(*std::move(operand));
    } while (Is(Next(), keyword));
    return operands;
  }

  std::optional<Expr> ParseOr(int depth) {
    auto operands = ParseList("or", [&] { return ParseAnd(depth); });
    return operands.has_value() ? std::optional(MakeOr(*std::move(operands))) : std::nullopt;
  }

  std::optional<Expr> ParseAnd(int depth) {
    auto operands = ParseList("and", [&] { return ParseNot(depth); });
    return operands.has_value() ? std::optional(MakeAnd(*std::move(operands))) : std::nullopt;
  }

  std::optional<Expr> ParseNot(int depth) {
    bool negated = false;
    while (Is(Next(), "not")) {
      negated = !negated;
      Take();
    }
    std::optional<Expr> operand = ParseAtom(depth);
    return negated && operand.has_value() ? MakeNot(*std::move(operand)) : operand;
  }

  std::optional<Expr> ParseAtom(int depth) {
    const Token token = Take();
    if (token.text.empty()) {
      return Fail(token,
                  tokens_.size() == 1 ? "the condition is empty" : "the condition ends too early");
    }
    if (token.text == "(") {
      return ParseParentheses(token, depth);
    }
    if (token.text == ")") {
      return Fail(token, kUnopened);
    }
    if (Is(Next(), "of")) {
      return ParseQuantifier(token);
    }
    for (Selection& selection : selections_) {
      if (selection.name == token.text) {
        return Use(selection, token);
      }
    }
    return Fail(token, absl::StrFormat("there is no selection '%s'%s", token.text,
                                       DidYouMean(token.text, Names())));
  }

  std::optional<Expr> ParseParentheses(const Token& opening, int depth) {
    if (depth >= kMaxDepth) {
      return Fail(opening,
                  absl::StrFormat("more than %d parentheses within each other", kMaxDepth));
    }
    std::optional<Expr> expr = ParseOr(depth + 1);
    if (expr.has_value() && Next().text != ")") {
      return Fail(opening, "there is no ')' for this '('");
    }
    Take();
    return expr;
  }

  std::optional<Expr> ParseQuantifier(const Token& quantifier) {
    const bool all = Is(quantifier, "all");
    if (!all && !Is(quantifier, "any") && quantifier.text != "1") {
      return Fail(quantifier, absl::StrFormat("only 1, any and all may stand before 'of', not '%s'",
                                              quantifier.text));
    }
    Take();
    const Token pattern = Take();
    if (pattern.text.empty() || pattern.text == "(" || pattern.text == ")") {
      return Fail(pattern, "'them' or a name with '*' must stand after 'of'");
    }
    const std::string wanted = Is(pattern, "them") ? "them" : std::string(pattern.text);
    std::vector<Expr> operands;
    for (Selection& selection : selections_) {
      if (!MatchesPattern(selection.name, wanted)) {
        continue;
      }
      std::optional<Expr> operand = Use(selection, pattern);
      if (!operand.has_value()) {
        return std::nullopt;
      }
      operands.push_back(*std::move(operand));
    }
    if (operands.empty()) {
      return Fail(pattern, absl::StrFormat("no selection is named like '%s'%s", pattern.text,
                                           DidYouMean(pattern.text, Names())));
    }
    return all ? MakeAnd(std::move(operands)) : MakeOr(std::move(operands));
  }

  std::optional<Expr> Use(Selection& selection, const Token& token) {
    selection.used = true;
    size_ += SizeOf(selection.expr);
    if (size_ > kMaxSize) {
      return Fail(token, absl::StrFormat("with its selections put in, the condition has more than "
                                         "%d parts",
                                         kMaxSize));
    }
    return selection.expr;
  }

  std::vector<std::string_view> Names() const {
    std::vector<std::string_view> names;
    names.reserve(selections_.size());
    for (const Selection& selection : selections_) {
      names.emplace_back(selection.name);
    }
    return names;
  }

  const YamlNode& node_;
  std::vector<Selection>& selections_;
  Diagnostics& diagnostics_;
  std::vector<Token> tokens_;
  std::size_t position_ = 0;
  std::size_t size_ = 0;
};

}  // namespace

std::optional<Expr> ParseCondition(const YamlNode& text, std::vector<Selection>& selections,
                                   Diagnostics& diagnostics) {
  return ConditionParser(text, selections, diagnostics).Parse();
}

}  // namespace hark::rules
