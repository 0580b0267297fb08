#include "rules/condition.h"

#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hark::rules {
namespace {

using ::testing::HasSubstr;

// Selections a, b, sel_1, sel_2 and _hidden, each testing the field of its name for "x".
std::vector<Selection> Selections() {
  std::vector<Selection> selections;
  for (const char* const name : {"a", "b", "sel_1", "sel_2", "_hidden"}) {
    Match match;
    match.field.name = name;
    match.values.push_back({Value::Kind::kPattern, false, "x", 0});
    selections.push_back({name, {}, MakeMatch(match), false});
  }
  return selections;
}

// The printed AST, without the values that are the same everywhere; or "column: message".
std::string Parse(const std::string& condition) {
  YamlNode node;
  node.kind = YamlNode::Kind::kScalar;
  node.text = condition;
  node.verbatim = true;
  node.location = {"r.yml", 1, 1};
  std::vector<Selection> selections = Selections();
  Diagnostics diagnostics;
  const std::optional<Expr> expr = ParseCondition(node, selections, diagnostics);
  if (!expr.has_value()) {
    EXPECT_EQ(diagnostics.all().size(), 1u);
    const Diagnostic& error = diagnostics.all().front();
    return std::to_string(error.location.column) + ": " + error.message;
  }
  EXPECT_TRUE(diagnostics.all().empty());
  std::string text = Print(*expr);
  const std::string_view value = ": \"x\"";
  for (std::size_t at = text.find(value); at != std::string::npos; at = text.find(value)) {
    text.erase(at, value.size());
  }
  return text;
}

struct ConditionCase {
  std::string condition;
  std::string printed;
};

class ConditionTest : public ::testing::TestWithParam<ConditionCase> {};

TEST_P(ConditionTest, IsParsedAsPrinted) {
  EXPECT_EQ(Parse(GetParam().condition), GetParam().printed);
}

INSTANTIATE_TEST_SUITE_P(
    Golden, ConditionTest,
    ::testing::Values(ConditionCase{"a", "a"}, ConditionCase{"  a  ", "a"},
                      ConditionCase{"a and b", "(a and b)"}, ConditionCase{"a or b", "(a or b)"},
                      ConditionCase{"not a", "not a"}, ConditionCase{"not not a", "a"},
                      ConditionCase{"not not not a", "not a"},
                      ConditionCase{"a or b and sel_1", "(a or (b and sel_1))"},
                      ConditionCase{"(a or b) and sel_1", "((a or b) and sel_1)"},
                      ConditionCase{"not a and b", "(not a and b)"},
                      ConditionCase{"not (a and b)", "not (a and b)"},
                      ConditionCase{"not (not a)", "a"},
                      ConditionCase{"a and (b and sel_1)", "(a and b and sel_1)"},
                      ConditionCase{"a or (b or (sel_1))", "(a or b or sel_1)"},
                      ConditionCase{"((a))", "a"}, ConditionCase{"(a)and(b)", "(a and b)"},
                      ConditionCase{"A AND b", "1: there is no selection 'A'; did you mean 'a'?"},
                      ConditionCase{"a AND NOT b Or sel_1", "((a and not b) or sel_1)"},
                      ConditionCase{"1 of sel_*", "(sel_1 or sel_2)"},
                      ConditionCase{"any of sel*", "(sel_1 or sel_2)"},
                      ConditionCase{"all of sel_*", "(sel_1 and sel_2)"},
                      ConditionCase{"All Of *_1", "sel_1"}, ConditionCase{"1 of sel_1", "sel_1"},
                      ConditionCase{"1 of them", "(a or b or sel_1 or sel_2)"},
                      ConditionCase{"all of THEM", "(a and b and sel_1 and sel_2)"},
                      ConditionCase{"1 of *", "(a or b or sel_1 or sel_2)"},
                      ConditionCase{"1 of _*", "_hidden"}, ConditionCase{"_hidden", "_hidden"},
                      ConditionCase{"a and not 1 of sel_*", "(a and not (sel_1 or sel_2))"},
                      ConditionCase{"not all of sel_* or b", "(not (sel_1 and sel_2) or b)"}));

INSTANTIATE_TEST_SUITE_P(
    Errors, ConditionTest,
    ::testing::Values(
        ConditionCase{"", "1: the condition is empty"},
        ConditionCase{"a and", "6: the condition ends too early"},
        ConditionCase{"not", "4: the condition ends too early"},
        ConditionCase{"a b", "3: 'and', 'or' or the end of the condition must stand here, not 'b'"},
        ConditionCase{"a and sel_3", "7: there is no selection 'sel_3'; did you mean 'sel_1'?"},
        ConditionCase{"filter", "1: there is no selection 'filter'"},
        ConditionCase{"(a", "1: there is no ')' for this '('"},
        ConditionCase{"a)", "2: there is no '(' for this ')'"},
        ConditionCase{"a and )", "7: there is no '(' for this ')'"},
        ConditionCase{"a & b", "3: a condition holds words, parentheses and '*' only"},
        ConditionCase{"a | count() > 5",
                      "3: Sigma 2 has no '|' in conditions: write a correlation that names this "
                      "rule"},
        ConditionCase{"2 of sel_*", "1: only 1, any and all may stand before 'of', not '2'"},
        ConditionCase{"1 of", "5: 'them' or a name with '*' must stand after 'of'"},
        ConditionCase{"1 of (a)", "6: 'them' or a name with '*' must stand after 'of'"},
        ConditionCase{"1 of selection_*", "6: no selection is named like 'selection_*'"}));

TEST(ConditionLimitTest, NestingIsBounded) {
  EXPECT_THAT(Parse(std::string(100'000, '(') + "a"), HasSubstr("more than 64 parentheses"));
}

TEST(ConditionLimitTest, NegationIsNotBounded) {
  std::string condition;
  for (int i = 0; i < 10'000; ++i) {
    condition += "not ";
  }
  EXPECT_EQ(Parse(condition + "a"), "a");
}

TEST(ConditionLimitTest, SizeIsBounded) {
  std::string condition = "a";
  for (int i = 0; i < 60'000; ++i) {
    condition += " and a";
  }
  EXPECT_THAT(Parse(condition), HasSubstr("the condition has more than 100000 parts"));
}

TEST(ConditionLimitTest, UsedSelectionsAreMarked) {
  YamlNode node;
  node.text = "1 of sel_*";
  std::vector<Selection> selections = Selections();
  Diagnostics diagnostics;
  ParseCondition(node, selections, diagnostics);
  EXPECT_TRUE(selections[2].used);
  EXPECT_FALSE(selections[0].used);
}

}  // namespace
}  // namespace hark::rules
