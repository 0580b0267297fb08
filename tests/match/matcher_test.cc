#include "match/matcher.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "match/evidence.h"
#include "match/match_helper.h"
#include "support/case_count.h"
#include "support/event_json.h"

namespace hark::match {
namespace {

using ::hark::testing::CaseCount;
using ::hark::testing::EventBuilder;
using ::hark::testing::JsonString;
using rules::RuleSet;
using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::Optional;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

// A rule of its own: the YAML of its detection in flow style, and more top-level lines.
std::string Rule(int number, const std::string& detection, const std::string& more = "") {
  const std::string digits = std::to_string(1'000 + number);
  return "---\ntitle: Rule " + digits + "\nid: 00000000-0000-4000-8000-00000000" + digits +
         "\nname: r" + std::to_string(number) +
         "\nlogsource: {product: kubernetes, service: audit}\nlevel: low\ndetection: " + detection +
         "\n" + more;
}

const char* const kAnySecret = "{a: {resource: secrets}, condition: a}";

// What the rules make of an event, read as far as they ask; nothing if none matches.
std::optional<Fact> FactOf(const std::shared_ptr<const RuleSet>& rules, const EventBuilder& event) {
  Matcher matcher(rules);
  const ParsedEvent whole(event);
  if (!matcher.MayMatch(ParsedEvent(event, rules->index_parts).get(), "prod") ||
      !matcher.Matches(whole.get(), "prod")) {
    return std::nullopt;
  }
  Fact fact;
  matcher.MakeFact(whole.get(), "prod", fact);
  return fact;
}

std::optional<Fact> FactOf(const std::string& yaml, const EventBuilder& event) {
  return FactOf(LoadYaml(yaml), event);
}

std::vector<std::uint32_t> RulesThatMatch(const std::shared_ptr<const RuleSet>& rules,
                                          const EventBuilder& event) {
  std::vector<std::uint32_t> matched;
  if (const std::optional<Fact> fact = FactOf(rules, event)) {
    for (const FactMatch& match : fact->matches) {
      matched.push_back(match.event_rule);
    }
  }
  return matched;
}

// Random rules over a few fields, of the shapes that decide how they are indexed, and random events
// of the same few values.
class RandomCase {
 public:
  explicit RandomCase(std::uint64_t seed) : random_(seed) {}

  std::string Rules() {
    std::string yaml;
    const int count = 1 + Below(12);
    for (int i = 0; i < count; ++i) {
      yaml += Rule(i, "{a: " + Selection() + ", b: " + Selection() + ", c: " + Selection() +
                          ", condition: " + Condition() + "}");
    }
    return yaml;
  }

  EventBuilder Event() {
    EventBuilder event = EventBuilder().NewObject().Verb(OneOf(kVerbs)).Code(OneOf(kCodes));
    if (Below(8) > 0) {
      event.Resource(OneOf(kResources));
    }
    if (Below(2) > 0) {
      event.Namespace("a");
    }
    if (Below(2) > 0) {
      event.Name("x");
    }
    if (Below(8) == 0) {
      event.Without("responseStatus");
    }
    if (Below(8) == 0) {
      event.Set("objectRef", "null");
    }
    return event;
  }

 private:
  static constexpr std::array<const char*, 5> kVerbs = {"get", "LIST", "watch", "", "Create"};
  static constexpr std::array<const char*, 5> kResources = {"secrets", "Pods", "pods/exec",
                                                            "configmaps", "42"};
  static constexpr std::array<int, 5> kCodes = {200, 401, 403, 404, 0};
  static constexpr std::array<const char*, 16> kItems = {
      "verb: [get, list]",
      "verb: wat*",
      "verb|cased: LIST",
      "verb: ''",
      "resource: secrets",
      "resource: [PODS, pods/exec, configmaps]",
      "resource|startswith: pod",
      "objectRef.resource: 42",
      "objectRef.subresource: exec",
      "objectRef.subresource: null",
      "responseStatus.code: [403, '404']",
      "responseStatus.code|gte: 400",
      "outcome: Denied",
      "objectRef.name|exists: false",
      "objectRef.resource|exists: true",
      "requestReceivedTimestamp|contains: '2026'",
  };
  static constexpr std::array<const char*, 10> kConditions = {
      "a and b", "a or b",      "a and not b",       "not a",     "a and (b or c)", "1 of a or b",
      "c",       "all of them", "not (a and not b)", "1 of them",
  };

  int Below(int bound) { return static_cast<int>(random_() % static_cast<std::uint64_t>(bound)); }
  template <typename List>
  typename List::value_type OneOf(const List& list) {
    return list[random_() % list.size()];
  }
  std::string Condition() { return OneOf(kConditions); }
  std::string Selection() {
    const std::size_t first = random_() % kItems.size();
    std::string text = std::string("{") + kItems[first];
    if (Below(2) > 0) {
      text += std::string(", ") + kItems[(first + 5) % kItems.size()];
    }
    return text + "}";
  }

  std::mt19937_64 random_;
};

TEST(MatcherTest, TheIndexFindsWhatTryingEveryRuleFinds) {
  std::size_t matches = 0;
  const std::uint64_t cases = CaseCount(50);
  for (std::uint64_t seed = 0; seed < cases; ++seed) {
    RandomCase random(seed);
    const std::string yaml = random.Rules();
    const std::shared_ptr<const RuleSet> rules = LoadYaml(yaml);
    auto without_index = std::make_shared<RuleSet>(*rules);
    std::fill(without_index->required.begin(), without_index->required.end(), std::nullopt);
    for (int i = 0; i < 10; ++i) {
      const EventBuilder event = random.Event();
      const std::vector<std::uint32_t> expected = RulesThatMatch(without_index, event);
      ASSERT_EQ(RulesThatMatch(rules, event), expected) << yaml << event.Json();
      matches += expected.size();
    }
  }
  EXPECT_GT(matches, cases);
}

TEST(MatcherTest, OneMatcherJudgesOneEventAfterAnother) {
  RandomCase random(7);
  const std::shared_ptr<const RuleSet> rules = LoadYaml(random.Rules());
  Matcher matcher(rules);
  for (int i = 0; i < 300; ++i) {
    const ParsedEvent event(random.Event());
    Matcher fresh(rules);
    ASSERT_EQ(matcher.Matches(event.get(), "prod"), fresh.Matches(event.get(), "prod"));
  }
}

TEST(MatcherTest, ARequestThatWasOnlyReceivedNeverMatches) {
  const std::string yaml = Rule(1, kAnySecret);
  EXPECT_FALSE(FactOf(yaml, EventBuilder().Stage("RequestReceived")).has_value());
  for (const char* const stage : {"ResponseStarted", "ResponseComplete", "Panic"}) {
    EXPECT_TRUE(FactOf(yaml, EventBuilder().Stage(stage)).has_value()) << stage;
  }
}

TEST(MatcherTest, AFactSaysWhenAndWhat) {
  const EventBuilder event = EventBuilder()
                                 .Level("Request")
                                 .Received("1970-01-01T00:00:01Z")
                                 .StageTime("1970-01-01T00:00:02Z");
  const std::optional<Fact> fact = FactOf(Rule(1, kAnySecret), event);
  ASSERT_TRUE(fact.has_value());
  EXPECT_EQ(fact->received_time, 1'000'000);
  EXPECT_EQ(fact->time, 2'000'000);
  EXPECT_EQ(fact->stage, Stage::kResponseComplete);
  EXPECT_EQ(fact->level, Level::kRequest);
  EXPECT_EQ(fact->raw_length, event.Json().size());
  EXPECT_EQ(fact->cluster, "prod");
  EXPECT_EQ(fact->evidence.actor_name, "alice");
}

TEST(MatcherTest, LongRunningRequestsAreMarked) {
  const std::string yaml = Rule(1, "{a: {verb|contains: ''}, condition: a}");
  const auto is_long = [&](const EventBuilder& event) { return FactOf(yaml, event)->long_running; };
  EXPECT_FALSE(is_long(EventBuilder()));
  EXPECT_FALSE(is_long(EventBuilder().Verb("list")));
  EXPECT_FALSE(is_long(EventBuilder().Resource("pods/status")));
  EXPECT_TRUE(is_long(EventBuilder().Verb("watch")));
  EXPECT_TRUE(is_long(EventBuilder().Verb("proxy")));
  EXPECT_TRUE(is_long(EventBuilder().Uri("/debug/pprof/profile")));
  for (const char* const resource :
       {"pods/attach", "pods/exec", "pods/proxy", "pods/log", "pods/portforward", "nodes/proxy"}) {
    EXPECT_TRUE(is_long(EventBuilder().Resource(resource))) << resource;
  }
}

TEST(MatcherTest, AMatchCarriesItsGroupAndWhatItCounts) {
  const std::string yaml =
      Rule(1, kAnySecret) +
      "---\ntitle: Many\nid: 00000000-0000-4000-8000-000000002000\n"
      "correlation: {type: value_count, rules: [r1], group-by: [actor.name, objectRef.apiGroup], "
      "timespan: 5m, condition: {field: object.key, gte: 3}}\nlevel: high\n";
  const std::optional<Fact> fact = FactOf(yaml, EventBuilder());
  ASSERT_TRUE(fact.has_value());
  ASSERT_THAT(fact->matches, SizeIs(1));
  EXPECT_THAT(fact->matches[0].group, ElementsAre(Optional(Eq("alice")), Eq(std::nullopt)));
  EXPECT_THAT(fact->matches[0].counted, Optional(Eq("a/b")));
}

TEST(MatcherTest, ARuleMayFeedSeveralOthers) {
  const auto correlation = [](int number, const char* field) {
    return "---\ntitle: Many\nid: 00000000-0000-4000-8000-00000000" + std::to_string(number) +
           "\ncorrelation: {type: event_count, rules: [r1], group-by: [" + field +
           "], timespan: 5m, condition: {gte: 3}}\nlevel: high\n";
  };
  const std::optional<Fact> fact =
      FactOf(Rule(1, kAnySecret) + correlation(2000, "actor.name") + correlation(2001, "source.ip"),
             EventBuilder());
  ASSERT_TRUE(fact.has_value());
  ASSERT_THAT(fact->matches, SizeIs(2));
  EXPECT_THAT(fact->matches[0].group, ElementsAre(Optional(Eq("alice"))));
  EXPECT_THAT(fact->matches[1].group, ElementsAre(Optional(Eq("203.0.113.7"))));
}

TEST(MatcherTest, AGroupValueIsNeverCutButShortenedDistinctly) {
  const std::string yaml = Rule(1, kAnySecret, "hark: {group-by: [userAgent]}\n");
  const std::string agent(300, 'x');
  const GroupValue first = FactOf(yaml, EventBuilder().UserAgent(agent + "1"))->matches[0].group[0];
  const GroupValue second =
      FactOf(yaml, EventBuilder().UserAgent(agent + "2"))->matches[0].group[0];
  EXPECT_LE(first.value().size(), 256);
  EXPECT_NE(first, second);
}

TEST(MatcherTest, AnEventThatLowersTheLevelSaysSo) {
  const std::string yaml =
      Rule(1, kAnySecret, "hark: {downgrade: {actor.name: bob, level: informational}}\n");
  EXPECT_FALSE(FactOf(yaml, EventBuilder().User("alice"))->matches[0].downgraded);
  EXPECT_TRUE(FactOf(yaml, EventBuilder().User("bob"))->matches[0].downgraded);
}

TEST(MatcherTest, MatchedFieldsAreThoseThatTheRuleSelects) {
  const std::optional<Fact> fact =
      FactOf(Rule(1,
                  "{a: {resource: secrets, verb: get}, b: {user.username: bob}, "
                  "condition: a and not b}"),
             EventBuilder());
  ASSERT_TRUE(fact.has_value());
  EXPECT_THAT(fact->matches[0].matched, UnorderedElementsAre(MatchedField{"resource", "secrets"},
                                                             MatchedField{"verb", "get"}));
}

TEST(MatcherTest, MatchedValuesAreRedacted) {
  EventBuilder event = EventBuilder().Resource("pods/exec");
  event.Uri("/p/exec?command=hunter2&container=c");
  event.Set("requestObject", R"({"data":{"password":"hunter2"}})");
  const std::optional<Fact> fact = FactOf(
      Rule(1,
           "{a: {exec.command: hunter2, requestObject.data.password: hunter2, "
           "requestURI|contains: hunter2, uri.query.command: hunter2, uri.query.container: c, "
           "uri.path|contains: exec}, condition: a}"),
      event);
  ASSERT_TRUE(fact.has_value());
  EXPECT_THAT(
      fact->matches[0].matched,
      UnorderedElementsAre(
          MatchedField{"exec.command", "<redacted:7:text>"},
          MatchedField{"requestObject.data.password", "<redacted:7:text>"},
          MatchedField{"requestURI", "/p/exec?command=<redacted:7:text>&container=c"},
          MatchedField{"uri.query.command", "<redacted:7:text>"},
          MatchedField{"uri.query.container", "c"}, MatchedField{"uri.path", "<redacted:7:text>"}));
}

TEST(MatcherTest, WhatNoEventOfAnApiServerHasIsNoValueToGroupBy) {
  EventBuilder event = EventBuilder().Resource("secrets").Name("db");
  event.Set("extra", R"({"token":"hunter2"})");
  const std::optional<Fact> fact = FactOf(Rule(1, "{a: {extra.token: hunter2}, condition: a}",
                                               "hark: {group-by: [extra.token, objectRef.name]}\n"),
                                          event);
  ASSERT_TRUE(fact.has_value());
  EXPECT_THAT(fact->matches[0].group, ElementsAre(Eq(std::nullopt), Optional(Eq("db"))));
  EXPECT_THAT(fact->matches[0].matched,
              ElementsAre(MatchedField{"extra.token", "<redacted:7:text>"}));
}

TEST(MatcherTest, BehindASemicolonOfAHarmlessValueNothingIsShown) {
  EventBuilder event = EventBuilder().Resource("secrets");
  event.Uri("/api/v1/secrets?limit=1;token=hunter2&labelSelector=a%3Bhunter2");
  const std::optional<Fact> fact = FactOf(
      Rule(1, "{a: {uri.query.limit|endswith: '2', uri.query.labelSelector: '*'}, condition: a}"),
      event);
  ASSERT_TRUE(fact.has_value());
  EXPECT_THAT(fact->matches[0].matched,
              UnorderedElementsAre(MatchedField{"uri.query.limit", "1;<redacted:13:text>"},
                                   MatchedField{"uri.query.labelSelector", "a;<redacted:7:text>"}));
}

TEST(MatcherTest, EvidenceAndMatchedFieldsShareOneBudgetAndTheKeysAreWhole) {
  const std::string name(250, 'n');
  std::string groups = "[\"\"";
  for (int i = 0; i < 10'000; ++i) {
    groups += ",\"\"," + JsonString(std::to_string(i) + name);
  }
  const std::string yaml = Rule(1,
                                "{a: {user.groups|contains: n, requestURI|contains: n}, "
                                "condition: a}",
                                "hark: {group-by: [objectRef.name, objectRef.namespace]}\n");
  EventBuilder event = EventBuilder().UserField("groups", groups + "]").Name(name);
  event.Namespace(name + "2").Uri("/" + std::string(5'000, 'n')).UserAgent(name);
  const std::optional<Fact> fact = FactOf(yaml, event);
  ASSERT_TRUE(fact.has_value());
  EXPECT_THAT(fact->matches[0].group, ElementsAre(Optional(Eq(name)), Optional(Eq(name + "2"))));
  std::size_t bytes = fact->evidence.uri.size() + fact->evidence.name.size();
  for (const std::string& group : fact->evidence.actor_groups) {
    bytes += group.size();
  }
  for (const MatchedField& field : fact->matches[0].matched) {
    bytes += field.field.size() + field.value.size();
  }
  EXPECT_LE(bytes, EvidenceBudget::kBytes);
}

TEST(MatcherTest, PartsThatRulesDoNotNameAreInTheFactAllTheSame) {
  const std::shared_ptr<const RuleSet> rules = LoadYaml(
      Rule(1, "{a: {responseStatus.code: 200}, condition: a}", "hark: {group-by: [source.ip]}\n"));
  const std::optional<Fact> fact = FactOf(rules, EventBuilder());
  ASSERT_TRUE(fact.has_value());
  EXPECT_EQ(fact->evidence.user_agent, "kubectl/v1.37.2 (linux/amd64) kubernetes/0c5d8f1");
  EXPECT_EQ(fact->evidence.uri, "/api/v1/namespaces/a/secrets/b");
  EXPECT_THAT(fact->matches[0].group, ElementsAre(Optional(Eq("203.0.113.7"))));
}

TEST(MatcherTest, TheGroupsOfAUserAreParsedWhereARuleNamesThem) {
  const std::string yaml = Rule(1, "{a: {user.groups: 'system:masters'}, condition: a}");
  EXPECT_TRUE(
      FactOf(yaml, EventBuilder().UserField("groups", R"(["dev","system:masters"])")).has_value());
  EXPECT_TRUE(FactOf(Rule(1, "{a: {actor.credential: 'JTI=1'}, condition: a}"),
                     EventBuilder().Credential("JTI=1"))
                  .has_value());
  EXPECT_TRUE(FactOf(Rule(1, "{a: {impersonatedUser.uid: u2}, condition: a}"),
                     EventBuilder().Impersonate("b").ImpersonatedField("uid", "\"u2\""))
                  .has_value());
}

class KeysTest : public ::testing::Test {
 protected:
  static Hash128 EventKey(const EventBuilder& event, std::string_view cluster = "prod") {
    return EventKeyOf(ParsedEvent(event).get(), cluster);
  }
  static Hash128 PairKey(const EventBuilder& event, std::string_view cluster = "prod") {
    return PairKeyOf(ParsedEvent(event).get(), cluster);
  }
};

TEST_F(KeysTest, TheIdentityOfARequestChangesBothKeys) {
  const EventBuilder other[] = {
      EventBuilder().AuditId("other"), EventBuilder().Received("2026-11-23T18:04:22.921546Z"),
      EventBuilder().User("bob"),      EventBuilder().Verb("list"),
      EventBuilder().Uri("/other"),
  };
  for (const EventBuilder& event : other) {
    EXPECT_NE(EventKey(event), EventKey(EventBuilder())) << event.Json();
    EXPECT_NE(PairKey(event), PairKey(EventBuilder())) << event.Json();
  }
  EXPECT_NE(EventKey(EventBuilder(), "other"), EventKey(EventBuilder()));
  EXPECT_NE(PairKey(EventBuilder(), "other"), PairKey(EventBuilder()));
}

TEST_F(KeysTest, TheStageTellsEventsOfOneRequestApart) {
  const EventBuilder other[] = {EventBuilder().Stage("ResponseStarted"),
                                EventBuilder().StageTime("2026-11-23T18:04:23Z")};
  for (const EventBuilder& event : other) {
    EXPECT_NE(EventKey(event), EventKey(EventBuilder())) << event.Json();
    EXPECT_EQ(PairKey(event), PairKey(EventBuilder())) << event.Json();
  }
}

TEST_F(KeysTest, NothingElseChangesAKey) {
  EventBuilder event = EventBuilder().Level("RequestResponse").Set("requestObject", "{\"a\":1}");
  event.SourceIps({"10.0.0.1"}).UserAgent("other").Code(403).Impersonate("bob").Name("other");
  event.UserField("uid", "\"u\"").Annotation("x", "y").Append("unknown", "[]");
  EXPECT_EQ(EventKey(event), EventKey(EventBuilder()));
  EXPECT_EQ(PairKey(event), PairKey(EventBuilder()));
}

TEST_F(KeysTest, TheSpellingOfAnEventDoesNotChangeItsKey) {
  EventBuilder event;
  event.Set("requestURI", R"("\/api\/v1\/namespaces\/a\/secrets\/\u0062")");
  event.At("2026-11-23T19:04:22.921545000+01:00");
  EXPECT_EQ(EventKey(event), EventKey(EventBuilder()));
}

TEST_F(KeysTest, PartsThatMoveFromOneFieldToTheNextChangeTheKey) {
  EXPECT_NE(EventKey(EventBuilder().User("ab").Verb("c")),
            EventKey(EventBuilder().User("a").Verb("bc")));
}

}  // namespace
}  // namespace hark::match
