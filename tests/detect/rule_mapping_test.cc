#include "detect/rule_mapping.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/fact_builder.h"
#include "support/rule_set_builder.h"

namespace hark::detect {
namespace {

using ::hark::testing::EventSpec;
using ::hark::testing::FactBuilder;
using ::hark::testing::kHour;
using ::hark::testing::kStart;
using ::hark::testing::MakeAlertRule;
using ::testing::ElementsAre;
using ::testing::Pair;

struct Feed {
  std::string event_rule;
  std::vector<std::uint32_t> feeds;
};

// Alerting rules as "id version".
rules::RuleSet Set(const std::vector<std::string>& alerts, const std::vector<Feed>& feeds = {}) {
  rules::RuleSet set;
  for (const std::string& alert : alerts) {
    rules::AlertRule rule = MakeAlertRule(EventSpec(kHour));
    rule.info.id = alert.substr(0, alert.find(' '));
    rule.info.version = alert.substr(alert.find(' ') + 1);
    set.alert_rules.push_back(std::move(rule));
  }
  for (const Feed& feed : feeds) {
    rules::EventRule rule;
    rule.id = feed.event_rule;
    rule.feeds = feed.feeds;
    set.event_rules.push_back(std::move(rule));
  }
  return set;
}

TEST(RuleMappingTest, ARuleIsTheSameIfItsIdAndVersionAre) {
  const rules::RuleSet from = Set({"a 1", "b 1", "c 1"});
  const rules::RuleSet to = Set({"aa 1", "c 1", "b 2", "a 1"});
  const RuleMapping mapping(from, to);
  EXPECT_EQ(mapping.AlertRule(0), 3);
  EXPECT_EQ(mapping.AlertRule(1), std::nullopt);
  EXPECT_EQ(mapping.AlertRule(2), 1);
  EXPECT_EQ(mapping.AlertRule(3), std::nullopt);
}

std::vector<std::pair<std::uint32_t, std::uint32_t>> MatchesAfter(const RuleMapping& mapping,
                                                                  Fact fact) {
  mapping.Apply(fact);
  std::vector<std::pair<std::uint32_t, std::uint32_t>> matches;
  for (const FactMatch& match : fact.matches) {
    matches.emplace_back(match.event_rule, match.alert_rule);
  }
  return matches;
}

FactMatch Match(std::uint32_t event_rule, std::uint32_t alert_rule) {
  return {.alert_rule = alert_rule,
          .event_rule = event_rule,
          .group = {},
          .counted = {},
          .matched = {}};
}

TEST(RuleMappingTest, MatchesGetTheOrderOfTheMatcher) {
  const rules::RuleSet from = Set({"a 1", "b 1"}, {{"x", {0, 1}}, {"y", {1}}});
  const rules::RuleSet to = Set({"b 1", "new 1", "a 1"}, {{"new", {1}}, {"y", {0}}, {"x", {0, 2}}});
  const Fact fact = FactBuilder("id", kStart)
                        .Matching(Match(0, 0))
                        .Matching(Match(0, 1))
                        .Matching(Match(1, 1))
                        .Build();
  EXPECT_THAT(MatchesAfter(RuleMapping(from, to), fact),
              ElementsAre(Pair(1, 0), Pair(2, 0), Pair(2, 2)));
}

TEST(RuleMappingTest, MatchesOfRulesThatAreNotThereGo) {
  const rules::RuleSet from = Set({"a 1", "b 1"}, {{"x", {0}}, {"y", {1}}});
  const rules::RuleSet to = Set({"a 2", "b 1"}, {{"x", {0}}, {"y", {1}}});
  const Fact fact = FactBuilder("id", kStart)
                        .Matching(Match(0, 0))
                        .Matching(Match(1, 1))
                        .Matching(Match(7, 7))
                        .Build();
  EXPECT_THAT(MatchesAfter(RuleMapping(from, to), fact), ElementsAre(Pair(1, 1)));
}

TEST(RuleMappingTest, AnEventRuleOfAnotherIdIsAnyThatFeedsTheSame) {
  const rules::RuleSet from = Set({"a 1"}, {{"x", {0}}});
  const rules::RuleSet to = Set({"a 1", "b 1"}, {{"y", {1}}, {"z", {0}}});
  const Fact fact = FactBuilder("id", kStart).Matching(Match(0, 0)).Build();
  EXPECT_THAT(MatchesAfter(RuleMapping(from, to), fact), ElementsAre(Pair(1, 0)));
}

}  // namespace
}  // namespace hark::detect
