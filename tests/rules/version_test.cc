#include "rules/version.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "rules/load_helper.h"

namespace hark::rules {
namespace {

using ::testing::MatchesRegex;

const std::string kDetection = "  s: {verb: get}\n  condition: s\n";

// The version of the last alerting rule in the set.
std::string VersionOf(const std::string& yaml, const std::string& list = "") {
  Diagnostics diagnostics;
  const auto rules = LoadRules({{"r.yml", yaml}, {"lists/k.yml", list}}, diagnostics);
  EXPECT_NE(rules, nullptr) << diagnostics.Format({});
  return rules == nullptr ? "" : rules->alert_rules.back().info.version;
}

std::string Correlation(const std::string& base, const std::string& condition = "gte: 3",
                        const std::string& timespan = "5m") {
  return base + "---\ntitle: t\nid: z\ncorrelation:\n  type: event_count\n  rules: a\n" +
         "  timespan: " + timespan + "\n  condition: {" + condition + "}\n";
}

TEST(VersionTest, IsSixteenHexadecimalDigits) {
  EXPECT_THAT(VersionOf(RuleText("a", kDetection)), MatchesRegex("[0-9a-f]{16}"));
}

// Alert ids are made of versions: if this fails, all alerts of all users get new ids.
TEST(VersionTest, StaysWhatItWas) {
  EXPECT_EQ(VersionOf(RuleText("a", kDetection)), "27e055d08a3b0ffa");
  EXPECT_EQ(VersionOf(Correlation(RuleText("a", kDetection))), "84868f9f25529602");
}

TEST(VersionTest, DoesNotDependOnWhatOnlyDescribesTheRule) {
  const std::string version = VersionOf(RuleText("a", kDetection));
  EXPECT_EQ(VersionOf(RuleText("b", kDetection,
                               "name: n\nauthor: x\ndescription: x\nreferences: [x]\ntags: "
                               "[attack.t1552]\nhark: {summary: x}\n")),
            version);
}

TEST(VersionTest, DoesNotDependOnHowTheConditionIsWritten) {
  const std::string version = VersionOf(RuleText("a", kDetection));
  EXPECT_EQ(VersionOf(RuleText("a", "  t:\n    - verb: GET\n  condition: not not (1 of t*)\n")),
            version);
}

TEST(VersionTest, DoesNotDependOnDefaultsThatAreWrittenOut) {
  const std::string version = VersionOf(RuleText("a", kDetection));
  EXPECT_EQ(VersionOf(RuleText("a", kDetection,
                               "level: medium\nhark: {keep-alive: 15m, group-by: [actor.name, "
                               "source.ip]}\n")),
            version);
}

TEST(VersionTest, DependsOnEverythingThatDecidesAboutAlerts) {
  const std::string version = VersionOf(RuleText("a", kDetection));
  EXPECT_NE(VersionOf(RuleText("a", "  s: {verb: list}\n  condition: s\n")), version);
  for (const char* const more :
       {"level: high\n", "hark: {keep-alive: 16m}\n", "hark: {group-by: actor.name}\n",
        "hark: {group-by: []}\n", "hark: {downgrade: {verb: get, level: low}}\n"}) {
    EXPECT_NE(VersionOf(RuleText("a", kDetection, more)), version) << more;
  }
}

TEST(VersionTest, OfACorrelationDependsOnItsConditionAndWindow) {
  const std::string base = RuleText("a", kDetection);
  const std::string version = VersionOf(Correlation(base));
  EXPECT_NE(VersionOf(Correlation(base, "gte: 4")), version);
  EXPECT_NE(VersionOf(Correlation(base, "gte: 3", "6m")), version);
  EXPECT_EQ(VersionOf(Correlation(base, "gt: 2", "300s")), version);
}

TEST(VersionTest, OfACorrelationDependsOnTheConditionsOfItsRules) {
  const std::string version = VersionOf(Correlation(RuleText("a", kDetection)));
  EXPECT_NE(VersionOf(Correlation(RuleText("a", "  s: {verb: list}\n  condition: s\n"))), version);
  EXPECT_EQ(VersionOf(Correlation(RuleText("a", kDetection, "level: high\n"))), version);
}

TEST(VersionTest, DependsOnTheListsOnlyIfTheRuleAsksForThem) {
  const std::string list = "known_components: {exact: [x]}\n";
  const std::string plain = RuleText("a", kDetection);
  EXPECT_EQ(VersionOf(plain, list), VersionOf(plain));
  const std::string asking = RuleText("a", "  s: {actor.known: none}\n  condition: not s\n");
  EXPECT_NE(VersionOf(asking, list), VersionOf(asking));
  EXPECT_NE(VersionOf(Correlation(asking), list), VersionOf(Correlation(asking)));
  const std::string downgrading =
      RuleText("a", kDetection, "hark: {downgrade: {actor.known: pattern, level: low}}\n");
  EXPECT_NE(VersionOf(downgrading, list), VersionOf(downgrading));
}

TEST(VersionTest, OfTheSetDependsOnItsRules) {
  const std::string version = Load(RuleText("a", kDetection))->version;
  EXPECT_EQ(Load(RuleText("a", kDetection, "description: x\n"))->version, version);
  EXPECT_NE(Load(RuleText("b", kDetection))->version, version);
  EXPECT_NE(Load(RuleText("a", kDetection, "level: low\n"))->version, version);
}

}  // namespace
}  // namespace hark::rules
