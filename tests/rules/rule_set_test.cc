#include "rules/rule_set.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "rules/load_helper.h"

namespace hark::rules {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr Micros kMinute = 60LL * 1'000'000;

const std::string kDetection = "  s: {verb: get}\n  condition: s\n";

std::string CorrelationText(const std::string& id, const std::string& rules,
                            const std::string& more = "") {
  return "---\ntitle: Correlation " + id + "\nid: " + id +
         "\ncorrelation:\n  type: event_count\n  rules: " + rules +
         "\n  timespan: 5m\n  condition: {gte: 3}\n" + more;
}

TEST(RuleSetTest, PrintsTheCompiledForm) {
  const auto rules = Load(
      RuleText("secret-read",
               "  read:\n    resource: Secrets\n    verb: [get, list]\n"
               "  helm:\n    objectRef.name|startswith: sh.helm.\n"
               "  condition: read and not helm\n",
               "level: high\nhark:\n  downgrade: {actor.known: pattern, level: low}\n") +
      "---\ntitle: Burst\nid: burst\ncorrelation:\n  type: value_count\n  rules: [secret-read]\n"
      "  group-by: [actor.name]\n  timespan: 5m\n"
      "  condition: {gt: 9, field: objectRef.name}\n  generate: true\n");
  std::string text = Print(*rules);
  for (const AlertRule& rule : rules->alert_rules) {
    text.replace(text.find(rule.info.version), rule.info.version.size(), "V");
  }
  EXPECT_EQ(text,
            "event secret-read\n"
            "  (p1{resource = \"secrets\"} and p2{verb any (= \"get\", = \"list\")}"
            " and not p3{objectRef.name starts with \"sh.helm.\"})\n"
            "  requires resource: \"secrets\"\n"
            "  shows resource, verb\n"
            "  feeds secret-read\n"
            "  feeds burst\n"
            "alert secret-read event version V\n"
            "  level high, or low where p0{actor.known = \"pattern\"}\n"
            "  groups by actor.name, source.ip\n"
            "  stays open 15m\n"
            "alert burst value_count version V\n"
            "  level medium\n"
            "  groups by actor.name\n"
            "  counts objectRef.name\n"
            "  at least 10 within 5m\n"
            "  stays open 5m\n");
}

TEST(RuleSetTest, TwoRulesThatTestTheSameShareOnePredicate) {
  const auto rules = Load(RuleText("a", "  s: {verb: GET}\n  condition: s\n", "---\n") +
                          RuleText("b", "  t: {verb: get, stage: Panic}\n  condition: not t\n"));
  EXPECT_THAT(rules->predicates, SizeIs(2));
}

TEST(RuleSetTest, ARuleMayUseOnePredicateTwice) {
  const auto rules = Load(RuleText("a", "  s: {verb: get}\n  condition: s or not s\n"));
  EXPECT_THAT(rules->predicates, SizeIs(1));
}

TEST(RuleSetTest, RulesAreSortedByRankAndId) {
  const auto rules = Load(RuleText("z", kDetection, "---\n") + RuleText("y", kDetection) +
                          CorrelationText("a", "[z]", "generate: true\n"));
  std::vector<std::string> ids;
  for (const AlertRule& rule : rules->alert_rules) {
    ids.push_back(rule.info.id);
  }
  EXPECT_THAT(ids, ElementsAre("y", "z", "a"));
  EXPECT_EQ(rules->event_rules[0].id, "y");
  EXPECT_EQ(rules->alert_rules[2].rank, 1u);
}

TEST(RuleSetTest, TheBaseRuleOfACorrelationIsSilent) {
  const auto rules = Load(RuleText("base", kDetection) + CorrelationText("c", "base"));
  EXPECT_THAT(rules->alert_rules, SizeIs(1));
  EXPECT_THAT(rules->event_rules[0].feeds, ElementsAre(0));
}

TEST(RuleSetTest, ABaseRuleAlertsIfOneCorrelationGeneratesIt) {
  const auto rules =
      Load(RuleText("base", kDetection) + CorrelationText("c", "base", "  generate: true\n") +
           CorrelationText("d", "base"));
  EXPECT_THAT(rules->event_rules[0].feeds, ElementsAre(0, 1, 2));
}

TEST(RuleSetTest, ARuleIsReferredToByNameAcrossFiles) {
  Diagnostics diagnostics;
  const auto rules = LoadRules({{"a.yml", CorrelationText("c", "[the-name]")},
                                {"b.yml", RuleText("base", kDetection, "name: the-name\n")}},
                               diagnostics);
  ASSERT_NE(rules, nullptr);
  EXPECT_THAT(rules->event_rules, SizeIs(1));
}

TEST(RuleSetTest, AnInformationalRuleFeedsCorrelationsOnly) {
  const auto rules = Load(RuleText("base", kDetection, "level: informational\n") +
                          CorrelationText("c", "base", "  generate: true\n"));
  EXPECT_THAT(rules->alert_rules, SizeIs(1));
  EXPECT_THAT(rules->event_rules, SizeIs(1));
}

TEST(RuleSetTest, ARuleWithoutEffectIsLeftOut) {
  const auto rules = Load(RuleText("a", kDetection, "level: informational\n"));
  EXPECT_THAT(rules->event_rules, IsEmpty());
  EXPECT_THAT(rules->predicates, IsEmpty());
}

TEST(RuleSetTest, DefaultsAreThoseOfTheDesign) {
  const auto rules =
      Load(RuleText("a", kDetection) + CorrelationText("c", "a", "  generate: true\n"));
  const AlertRule& event = rules->alert_rules[0];
  EXPECT_EQ(event.level, Severity::kMedium);
  EXPECT_EQ(event.keep_alive, 15 * kMinute);
  EXPECT_THAT(event.info.group_by, ElementsAre("actor.name", "source.ip"));
  EXPECT_EQ(event.info.threshold, "");
  EXPECT_EQ(event.info.window_type, "event");
  const AlertRule& correlation = rules->alert_rules[1];
  EXPECT_EQ(correlation.keep_alive, 5 * kMinute);
  EXPECT_EQ(correlation.timespan, 5 * kMinute);
  EXPECT_EQ(correlation.info.threshold, "gte 3");
  EXPECT_EQ(correlation.info.window_type, "event_count");
  EXPECT_THAT(correlation.group_by, IsEmpty());
  EXPECT_EQ(rules->LongestWindow(), 15 * kMinute);
}

TEST(RuleSetTest, HarksKeysReplaceTheDefaults) {
  const auto rules = Load(RuleText(
      "a", kDetection,
      "hark: {summary: '{actor.name} did', group-by: [objectRef.namespace], keep-alive: 2h}\n"));
  const AlertRule& rule = rules->alert_rules[0];
  EXPECT_EQ(rule.info.summary, "{actor.name} did");
  EXPECT_THAT(rule.info.group_by, ElementsAre("objectRef.namespace"));
  EXPECT_EQ(rule.keep_alive, 120 * kMinute);
}

TEST(RuleSetTest, MoreThanNineIsTenOrMore) {
  const auto rules = Load(RuleText("a", kDetection) +
                          "---\ntitle: t\nid: c\ncorrelation: {type: event_count, rules: a, "
                          "timespan: 1M, condition: {gt: 9}}\n");
  EXPECT_EQ(rules->alert_rules[0].threshold, 10u);
  EXPECT_EQ(rules->alert_rules[0].info.threshold, "gt 9");
  EXPECT_EQ(rules->alert_rules[0].timespan, 30LL * 24 * 60 * kMinute);
}

TEST(RuleSetTest, TacticsAndTechniquesComeFromTheTags) {
  const auto rules = Load(
      RuleText("a", kDetection,
               "author: Someone\ntags: [attack.credential_access, attack.Lateral-Movement, "
               "attack.t1552.007, attack.T1098, attack.s0154, attack.g0016, car.2016-04-005]\n"));
  const RuleInfo& info = rules->alert_rules[0].info;
  EXPECT_THAT(info.tactics, ElementsAre("credential-access", "lateral-movement"));
  EXPECT_THAT(info.techniques, ElementsAre("T1552.007", "T1098"));
  EXPECT_EQ(info.author, "Someone");
}

TEST(RuleSetTest, ShownFieldsAreThoseOfPositiveSelectionsOnce) {
  const auto rules = Load(RuleText("a",
                                   "  s: {verb: get, stage: Panic}\n  t: {verb: list, level: x}\n"
                                   "  u: {requestURI: /x}\n  condition: (s or t) and not u\n"));
  std::vector<std::string> names;
  for (const FieldIndex field : rules->event_rules[0].shown_fields) {
    names.push_back(rules->fields[field].name);
  }
  EXPECT_THAT(names, ElementsAre("verb", "stage", "level"));
}

TEST(RuleSetTest, OfAnEventOnlyWhatTheIndexReadsIsAskedFor) {
  const auto rules = Load(RuleText("a", kDetection, "hark: {group-by: [objectRef.namespace]}\n"));
  EXPECT_EQ(rules->index_parts, Bit(EventPart::kVerb));
}

TEST(RuleSetTest, OfARuleWithoutRequiredValuesTheWholeConditionIsTheIndex) {
  const auto rules = Load(RuleText("a", "  s: {userAgent: x, user.username: y}\n  condition: s\n"));
  EXPECT_EQ(rules->index_parts, Bit(EventPart::kText) | Bit(EventPart::kUser));
}

TEST(RuleSetTest, ListsSayWhoIsKnown) {
  Diagnostics diagnostics;
  const auto rules = LoadRules({{"rules/lists/k.yml",
                                 "known_components: {exact: ['system:apiserver'], patterns: "
                                 "[{namespace: flux-system, name: controller}]}\n"}},
                               diagnostics);
  ASSERT_NE(rules, nullptr);
  EXPECT_EQ(rules->known_components.Lookup("system:apiserver"), Known::kExact);
  EXPECT_EQ(rules->known_components.Lookup("system:serviceaccount:flux-system:helm-controller"),
            Known::kPattern);
}

TEST(RuleSetTest, TheChildrenOfANodeStandTogether) {
  const auto rules = Load(RuleText("a",
                                   "  s: {verb: get, stage: Panic}\n  t: {level: x, auditID: y}\n"
                                   "  condition: s or t\n"));
  const Program& program = rules->event_rules[0].program;
  EXPECT_EQ(program[0].kind, ProgramNode::Kind::kOr);
  EXPECT_THAT(program[0].children, ElementsAre(1, 2));
  EXPECT_THAT(program[1].children, ElementsAre(3, 4));
  EXPECT_THAT(program[2].children, ElementsAre(5, 6));
}

}  // namespace
}  // namespace hark::rules
