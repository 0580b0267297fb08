#include "rules/required_values.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "rules/load_helper.h"

namespace hark::rules {
namespace {

// "field: value value" of a rule with that detection, or "nothing".
std::string RequiredBy(const std::string& detection) {
  const auto rules = Load(RuleText("r", detection));
  const std::optional<RequiredValues>& required = rules->required.at(0);
  if (!required.has_value()) {
    return "nothing";
  }
  std::string text = rules->fields[required->field].name + ":";
  for (const std::string& value : required->values) {
    text += " " + value;
  }
  return text;
}

std::string RequiredByItem(const std::string& item) {
  return RequiredBy("  s: {" + item + "}\n  condition: s\n");
}

TEST(RequiredValuesTest, AnEqualityIsRequired) {
  EXPECT_EQ(RequiredByItem("verb: [List, get]"), "verb: get list");
}

TEST(RequiredValuesTest, TheResourceIsPreferredThenTheOutcomeThenTheGroupThenTheVerb) {
  EXPECT_EQ(RequiredByItem("verb: get, objectRef.apiGroup: apps, outcome: success, resource: pods"),
            "resource: pods");
  EXPECT_EQ(RequiredByItem("verb: get, objectRef.apiGroup: apps, responseStatus.code: [401, 403]"),
            "responseStatus.code: 401 403");
  EXPECT_EQ(RequiredByItem("verb: get, objectRef.apiGroup: apps"), "objectRef.apiGroup: apps");
}

TEST(RequiredValuesTest, OfFieldsOfOneRankTheOneWithFewestValuesIsChosen) {
  EXPECT_EQ(RequiredByItem("objectRef.resource: [pods, nodes], objectRef.subresource: exec"),
            "objectRef.subresource: exec");
}

TEST(RequiredValuesTest, OtherFieldsAreNotWorthAnIndex) {
  EXPECT_EQ(RequiredByItem("objectRef.name: x, requestObject.kind: y, user.groups: z"), "nothing");
}

TEST(RequiredValuesTest, OnlyPlainEqualityCounts) {
  EXPECT_EQ(RequiredByItem("verb|contains: get"), "nothing");
  EXPECT_EQ(RequiredByItem("verb|cased: get"), "nothing");
  EXPECT_EQ(RequiredByItem("verb|re: get"), "nothing");
  EXPECT_EQ(RequiredByItem("verb: [get, 'li?t']"), "nothing");
  EXPECT_EQ(RequiredByItem("verb: null"), "nothing");
  EXPECT_EQ(RequiredByItem("verb|exists: true"), "nothing");
  EXPECT_EQ(RequiredByItem("verb|neq: get"), "nothing");
}

TEST(RequiredValuesTest, ANumberThatATextMayEqualInOtherWaysDoesNotCount) {
  EXPECT_EQ(RequiredByItem("verb: 1"), "nothing");
  EXPECT_EQ(RequiredByItem("responseStatus.code: '0403.0'"), "responseStatus.code: 403");
  EXPECT_EQ(RequiredByItem("responseStatus.code: 403.5"), "nothing");
}

TEST(RequiredValuesTest, ConjunctionsIntersectTheValuesOfAField) {
  EXPECT_EQ(RequiredBy("  s: {verb: [get, list, watch]}\n  t: {verb: [list, watch, patch]}\n"
                       "  condition: s and t\n"),
            "verb: list watch");
}

TEST(RequiredValuesTest, DisjunctionsUniteTheValuesOfFieldsThatAllBranchesAskFor) {
  EXPECT_EQ(
      RequiredBy("  s: {verb: get, resource: pods}\n  t: {verb: list}\n  condition: s or t\n"),
      "verb: get list");
  EXPECT_EQ(RequiredBy("  s: {verb: get}\n  t: {resource: pods}\n  condition: s or t\n"),
            "nothing");
}

TEST(RequiredValuesTest, NegationsRequireNothing) {
  EXPECT_EQ(RequiredBy("  s: {verb: get}\n  condition: not s\n"), "nothing");
  EXPECT_EQ(RequiredBy("  s: {verb: get}\n  t: {resource: pods}\n  condition: s and not t\n"),
            "verb: get");
}

TEST(RequiredValuesTest, AContradictionRequiresWhatNoEventHas) {
  EXPECT_EQ(RequiredBy("  s: {verb: get}\n  t: {verb: list}\n  condition: s and t\n"), "verb:");
}

}  // namespace
}  // namespace hark::rules
