#include "detect/episode.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "alert/alert_json.h"
#include "support/fact_builder.h"
#include "support/rule_set_builder.h"

namespace hark::detect {
namespace {

using ::hark::testing::EventCountSpec;
using ::hark::testing::EventSpec;
using ::hark::testing::FactBuilder;
using ::hark::testing::kHour;
using ::hark::testing::kMinute;
using ::hark::testing::kSecond;
using ::hark::testing::kStart;
using ::hark::testing::MakeAlertRule;
using ::hark::testing::RuleSpec;
using ::hark::testing::ValueCountSpec;
using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::SizeIs;

// An event that alice made, judged at its own time.
struct Event {
  std::string audit_id;
  Micros time = kStart;
  std::string namespace_name = "";
  std::string name = "";
  std::string value = "";
  bool downgraded = false;
};

Fact FactOf(const Event& event) {
  FactBuilder builder(event.audit_id, event.time);
  builder.On(event.namespace_name, event.name).Feeding(0, {"alice"}, event.value);
  if (event.downgraded) {
    builder.Downgraded();
  }
  return builder.Build();
}

WindowEntry EntryOf(const Event& event) {
  const Fact fact = FactOf(event);
  return MakeEntry(fact, fact.matches[0], event.time);
}

// Opens with the events; the last of them is the opening one.
Episode Open(const rules::AlertRule& rule, const std::vector<Event>& events) {
  Window window(rule.counted ? Window::Kind::kDistinctValues : Window::Kind::kEvents,
                events.size());
  for (const Event& event : events) {
    window.Add(EntryOf(event));
  }
  const Fact fact = FactOf(events.back());
  return Episode(rule, fact, fact.matches[0], window);
}

Alert Opened(Episode& episode) {
  return episode.Revise(AlertState::kOpened, true);
}

// Which of so many more events, each of them in a namespace and with a value of its own or not,
// escalate the alert.
std::vector<int> Escalating(Episode& episode, int events, bool own_namespaces, bool own_values) {
  std::vector<int> escalating;
  for (int i = 1; i <= events; ++i) {
    const std::string own = std::to_string(i);
    if (episode.Add(EntryOf({.audit_id = "more" + own,
                             .time = kStart + i,
                             .namespace_name = own_namespaces ? own : "n",
                             .value = own_values ? own : "v"}))) {
      escalating.push_back(i);
    }
  }
  return escalating;
}

TEST(EpisodeTest, TheIdIsOfTheRuleItsVersionTheGroupAndTheOpeningEvent) {
  const rules::AlertRule rule = MakeAlertRule(EventSpec(kMinute));
  rules::AlertRule changed = rule;
  changed.info.version = "another";
  const Fact fact = FactOf({.audit_id = "a"});
  Fact other_event = FactOf({.audit_id = "b"});
  Fact other_group = fact;
  other_group.matches[0].group = {"bob"};
  const Hash128 id = AlertId(rule, fact, fact.matches[0]);
  EXPECT_EQ(id, AlertId(rule, fact, fact.matches[0]));
  EXPECT_NE(id, AlertId(changed, fact, fact.matches[0]));
  EXPECT_NE(id, AlertId(MakeAlertRule(EventSpec(kMinute), 1), fact, fact.matches[0]));
  EXPECT_NE(id, AlertId(rule, other_event, other_event.matches[0]));
  EXPECT_NE(id, AlertId(rule, other_group, other_group.matches[0]));
}

TEST(EpisodeTest, OpensWithTheEntriesOfItsWindow) {
  const rules::AlertRule rule = MakeAlertRule(ValueCountSpec(2, kMinute, kMinute));
  Episode episode =
      Open(rule, {{.audit_id = "a", .namespace_name = "n2", .name = "x", .value = "n2/x"},
                  {.audit_id = "b",
                   .time = kStart + 5,
                   .namespace_name = "n1",
                   .name = "y",
                   .value = "n1/y"}});
  const Alert alert = Opened(episode);
  EXPECT_EQ(alert.n, 1);
  EXPECT_EQ(alert.count, 2);
  EXPECT_EQ(alert.total, 2);
  EXPECT_EQ(alert.objects_total, 2);
  EXPECT_THAT(alert.namespaces, ElementsAre("n1", "n2"));
  EXPECT_THAT(alert.names, ElementsAre("n2/x", "n1/y"));
  EXPECT_THAT(alert.audit_ids, ElementsAre("a", "b"));
  EXPECT_THAT(alert.stages, ElementsAre(Pair(Stage::kResponseComplete, 2)));
  EXPECT_EQ(alert.first, kStart);
  EXPECT_EQ(alert.last, kStart + 5);
  EXPECT_EQ(alert.opening.audit_id, "b");
  EXPECT_TRUE(alert.exact);
  EXPECT_FALSE(alert.late);
}

TEST(EpisodeTest, ARuleThatCountsNoValuesHasNoTotal) {
  const rules::AlertRule rule = MakeAlertRule(EventSpec(kMinute));
  Episode episode = Open(rule, {{.audit_id = "a", .value = "v"}});
  EXPECT_EQ(Opened(episode).total, 0);
}

TEST(EpisodeTest, TheEmptyValueIsOneOfTheTotal) {
  const rules::AlertRule rule = MakeAlertRule(ValueCountSpec(2, kMinute, kMinute));
  Episode episode = Open(rule, {{.audit_id = "a", .value = ""}, {.audit_id = "b", .value = "v"}});
  EXPECT_EQ(Opened(episode).total, 2);
}

TEST(EpisodeTest, ARequestWithoutANameIsNoObject) {
  const rules::AlertRule rule = MakeAlertRule(EventSpec(kMinute));
  Episode episode = Open(rule, {{.audit_id = "a", .namespace_name = "n"}});
  const Alert alert = Opened(episode);
  EXPECT_EQ(alert.objects_total, 0);
  EXPECT_THAT(alert.namespaces, ElementsAre("n"));
}

TEST(EpisodeTest, EveryFurtherEventCounts) {
  const rules::AlertRule rule = MakeAlertRule(EventSpec(kMinute));
  Episode episode = Open(rule, {{.audit_id = "a"}});
  episode.Add(EntryOf({.audit_id = "b", .time = kStart + kSecond}));
  const Alert alert = episode.Closed(true);
  EXPECT_EQ(alert.count, 2);
  EXPECT_EQ(alert.first, kStart);
  EXPECT_EQ(alert.last, kStart + kSecond);
}

TEST(EpisodeTest, TheCountEscalatesOnceAtTwiceFourAndEightTimesTheOpening) {
  const rules::AlertRule rule = MakeAlertRule(EventCountSpec(2, kMinute, kMinute));
  Episode episode = Open(rule, {{.audit_id = "a"}, {.audit_id = "b"}});
  EXPECT_THAT(Escalating(episode, 40, false, false), ElementsAre(2, 6, 14));
}

TEST(EpisodeTest, TheTotalEscalatesOnceAtTwiceFourAndEightTimesTheOpening) {
  const rules::AlertRule rule = MakeAlertRule(ValueCountSpec(2, kMinute, kMinute));
  Episode episode = Open(rule, {{.audit_id = "a", .value = "a"}, {.audit_id = "b", .value = "b"}});
  EXPECT_THAT(Escalating(episode, 40, false, true), ElementsAre(2, 6, 14));
}

TEST(EpisodeTest, TheCountOfARuleWithATotalDoesNotEscalate) {
  const rules::AlertRule rule = MakeAlertRule(ValueCountSpec(2, kMinute, kMinute));
  Episode episode = Open(rule, {{.audit_id = "a", .value = "a"}, {.audit_id = "b", .value = "v"}});
  EXPECT_THAT(Escalating(episode, 40, false, false), ElementsAre());
}

TEST(EpisodeTest, TheNumberOfNamespacesEscalatesToo) {
  const rules::AlertRule rule = MakeAlertRule(ValueCountSpec(1, kMinute, kMinute));
  Episode episode = Open(rule, {{.audit_id = "a", .namespace_name = "n", .value = "v"}});
  EXPECT_THAT(Escalating(episode, 40, true, false), ElementsAre(1, 3, 7));
}

TEST(EpisodeTest, OneEventThatEscalatesTwiceMakesOneRevision) {
  const rules::AlertRule rule = MakeAlertRule(EventSpec(kMinute));
  Episode episode = Open(rule, {{.audit_id = "a", .namespace_name = "n"}});
  EXPECT_THAT(Escalating(episode, 40, true, false), ElementsAre(1, 3, 7));
}

TEST(EpisodeTest, AnEventAtAHigherLevelRaisesTheAlert) {
  RuleSpec spec = EventCountSpec(1, kMinute, kMinute);
  spec.downgrade = Severity::kLow;
  const rules::AlertRule rule = MakeAlertRule(spec);
  std::vector<Event> opening(10, {.audit_id = "a", .downgraded = true});
  Episode episode = Open(rule, opening);
  EXPECT_EQ(Opened(episode).level, Severity::kLow);
  EXPECT_FALSE(episode.Add(EntryOf({.audit_id = "b", .downgraded = true})));
  EXPECT_TRUE(episode.Add(EntryOf({.audit_id = "c"})));
  EXPECT_EQ(episode.Revise(AlertState::kEscalated, true).level, Severity::kMedium);
  EXPECT_FALSE(episode.Add(EntryOf({.audit_id = "d", .downgraded = true})));
  EXPECT_EQ(episode.Closed(true).level, Severity::kMedium);
}

TEST(EpisodeTest, LivesForTheKeepAliveAfterTheRuleLastHeld) {
  const rules::AlertRule rule = MakeAlertRule(EventSpec(kMinute));
  Episode episode = Open(rule, {{.audit_id = "a"}});
  EXPECT_EQ(episode.close_at(), kStart + kMinute);
  episode.Extend(kStart + kSecond);
  EXPECT_EQ(episode.close_at(), kStart + kSecond + kMinute);
}

TEST(EpisodeTest, LivesNoLongerThanItsMaximum) {
  const rules::AlertRule rule = MakeAlertRule(EventSpec(kHour));
  Episode episode = Open(rule, {{.audit_id = "a"}});
  episode.Extend(kStart + 23 * kHour + kMinute);
  EXPECT_EQ(episode.close_at(), kStart + 24 * kHour);
  EXPECT_EQ(episode.Closed(true).closed, kStart + 24 * kHour);
}

TEST(EpisodeTest, AnEvictedOneEndsThenAndIsNotExact) {
  const rules::AlertRule rule = MakeAlertRule(EventSpec(kHour));
  Episode episode = Open(rule, {{.audit_id = "a"}});
  episode.Evict(kStart + kSecond);
  EXPECT_EQ(episode.close_at(), kStart + kSecond);
  EXPECT_FALSE(episode.Closed(true).exact);
}

TEST(EpisodeTest, ALateEventKeepsItsTimeAndMakesTheAlertLate) {
  const rules::AlertRule rule = MakeAlertRule(EventSpec(kHour));
  Episode episode = Open(rule, {{.audit_id = "a"}});
  const Fact fact = FactOf({.audit_id = "b", .time = kStart - kMinute});
  episode.Add(MakeEntry(fact, fact.matches[0], kStart + kSecond));
  const Alert alert = episode.Closed(true);
  EXPECT_TRUE(alert.late);
  EXPECT_EQ(alert.first, kStart);
  EXPECT_EQ(alert.last, kStart);
}

TEST(EpisodeTest, KeepsTheAuditIdsOfItsOpeningAndThenUpToAHundred) {
  const rules::AlertRule rule = MakeAlertRule(EventSpec(kHour));
  Episode small = Open(rule, {{.audit_id = "a"}});
  std::vector<Event> many;
  for (int i = 0; i < 150; ++i) {
    many.push_back({.audit_id = std::to_string(i)});
    small.Add(EntryOf({.audit_id = std::to_string(i)}));
  }
  Episode large = Open(rule, many);
  large.Add(EntryOf({.audit_id = "a"}));
  EXPECT_THAT(Opened(small).audit_ids, SizeIs(100));
  EXPECT_THAT(Opened(large).audit_ids, SizeIs(150));
}

TEST(EpisodeTest, NamesAHundredObjectsAndCountsAll) {
  const rules::AlertRule rule = MakeAlertRule(EventSpec(kHour));
  Episode episode = Open(rule, {{.audit_id = "a"}});
  for (int i = 0; i < 2 * 150; ++i) {
    episode.Add(EntryOf({.audit_id = "a", .name = std::to_string(i % 150)}));
  }
  const Alert alert = Opened(episode);
  EXPECT_THAT(alert.names, SizeIs(100));
  EXPECT_EQ(alert.objects_total, 150);
}

TEST(EpisodeTest, IsExactUpToTenThousandValuesAndNoFurther) {
  const rules::AlertRule rule = MakeAlertRule(ValueCountSpec(1, kHour, kHour));
  Episode episode = Open(rule, {{.audit_id = "a", .value = "0"}});
  for (int i = 1; i < 10'000; ++i) {
    episode.Add(EntryOf({.audit_id = "a", .value = std::to_string(i)}));
  }
  EXPECT_TRUE(Opened(episode).exact);
  episode.Add(EntryOf({.audit_id = "a", .value = "5"}));
  EXPECT_TRUE(Opened(episode).exact);
  episode.Add(EntryOf({.audit_id = "a", .value = "one more"}));
  const Alert alert = Opened(episode);
  EXPECT_FALSE(alert.exact);
  EXPECT_EQ(alert.total, 10'000);
  EXPECT_EQ(alert.count, 10'002);
}

TEST(EpisodeTest, IsNotExactBeyondAThousandNamespaces) {
  const rules::AlertRule rule = MakeAlertRule(EventSpec(kHour));
  Episode episode = Open(rule, {{.audit_id = "a"}});
  for (int i = 0; i < 1'000; ++i) {
    episode.Add(EntryOf({.audit_id = "a", .namespace_name = std::to_string(i)}));
  }
  EXPECT_TRUE(Opened(episode).exact);
  episode.Add(EntryOf({.audit_id = "a", .namespace_name = "one more"}));
  EXPECT_FALSE(Opened(episode).exact);
}

TEST(EpisodeTest, TakesMoreOfTheBudgetWithEachValue) {
  const rules::AlertRule rule = MakeAlertRule(ValueCountSpec(1, kHour, kHour));
  Episode episode = Open(rule, {{.audit_id = "a", .value = "v"}});
  const std::uint64_t before = episode.bytes();
  episode.Add(EntryOf({.audit_id = "a", .value = "v"}));
  EXPECT_EQ(episode.bytes(), before);
  episode.Add(EntryOf({.audit_id = "a", .value = "w"}));
  EXPECT_GT(episode.bytes(), before);
}

TEST(EpisodeTest, ComesBackAsItWas) {
  RuleSpec spec = ValueCountSpec(1, kHour, kHour);
  spec.downgrade = Severity::kLow;
  const rules::AlertRule rule = MakeAlertRule(spec);
  Episode episode = Open(
      rule,
      {{.audit_id = "a", .namespace_name = "n", .name = "x", .value = "v", .downgraded = true}});
  Opened(episode);
  Escalating(episode, 5, true, true);
  ByteWriter writer;
  episode.Save(writer);
  Episode restored(rule);
  ByteReader reader(writer.bytes());
  restored.Restore(reader);
  ASSERT_TRUE(reader.ok() && reader.at_end());
  ByteWriter again;
  restored.Save(again);
  EXPECT_EQ(again.bytes(), writer.bytes());
  EXPECT_EQ(restored.bytes(), episode.bytes());
  EXPECT_EQ(Escalating(restored, 20, true, true), Escalating(episode, 20, true, true));
  EXPECT_EQ(alert::ToJson(restored.Closed(true)), alert::ToJson(episode.Closed(true)));
}

}  // namespace
}  // namespace hark::detect
