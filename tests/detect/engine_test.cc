#include "detect/engine.h"

#include <cstdint>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "detect/engine_harness.h"
#include "support/status_matchers.h"

namespace hark::detect {
namespace {

using ::hark::testing::EngineHarness;
using ::hark::testing::EventCountSpec;
using ::hark::testing::EventSpec;
using ::hark::testing::FactBuilder;
using ::hark::testing::IsOk;
using ::hark::testing::kHour;
using ::hark::testing::kMinute;
using ::hark::testing::kSecond;
using ::hark::testing::kStart;
using ::hark::testing::MakeRuleSet;
using ::hark::testing::RuleSpec;
using ::hark::testing::SavedOf;
using ::hark::testing::SavedState;
using ::hark::testing::StatusIs;
using ::hark::testing::ValueCountSpec;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// An event of alice that rule 0 matched.
FactBuilder AliceAt(Micros time, const std::string& audit_id) {
  FactBuilder builder(audit_id, time);
  return builder.Feeding(0, {"alice"});
}

FactBuilder Started(Micros time, const std::string& audit_id) {
  return AliceAt(time, audit_id).InStage(Stage::kResponseStarted).LongRunning();
}

// The end of a long-running request, `age` after it was received at kStart.
FactBuilder Ended(Micros age, const std::string& audit_id) {
  return AliceAt(kStart + age, audit_id).ReceivedAt(kStart).LongRunning();
}

// The revisions that a rule makes of the facts, delivered in one batch.
std::vector<std::string> StoryOf(const RuleSpec& rule, const std::vector<Fact>& facts) {
  EngineHarness harness({rule});
  harness.Batch("source", facts);
  harness.Finish();
  return harness.Story();
}

TEST(EngineTest, AnAlertOpensEscalatesAndCloses) {
  EXPECT_THAT(StoryOf(EventSpec(kMinute),
                      {AliceAt(kStart, "a").Build(), AliceAt(kStart + kSecond, "b").Build()}),
              ElementsAre("opened 1: count 1", "escalated 2: count 2", "closed 3: count 2"));
}

TEST(EngineTest, EventsAreJudgedInTheOrderOfTheirTimesNotOfTheirArrival) {
  EngineHarness harness({EventSpec(kMinute)});
  harness.Batch("source", {AliceAt(kStart + kSecond, "b").Build(), AliceAt(kStart, "a").Build()});
  harness.Finish();
  EXPECT_EQ(harness.revisions()[0].opening.audit_id, "a");
}

TEST(EngineTest, AtOneTimeResponseStartedIsJudgedFirst) {
  for (int i = 0; i < 20; ++i) {
    EngineHarness harness({EventSpec(kMinute)});
    const std::string id = std::to_string(i);
    harness.Batch("source", {AliceAt(kStart, "complete" + id).Build(),
                             Started(kStart, "started" + id).Build()});
    harness.Finish();
    EXPECT_EQ(harness.revisions()[0].opening.audit_id, "started" + id);
  }
}

TEST(EngineTest, AtOneTimeAndStageTheLowerKeyIsJudgedFirst) {
  const Fact a = AliceAt(kStart, "a").Build();
  const Fact b = AliceAt(kStart, "b").Build();
  for (const std::vector<Fact>& facts : {std::vector<Fact>{a, b}, {b, a}}) {
    EngineHarness harness({EventSpec(kMinute)});
    harness.Batch("source", facts);
    harness.Finish();
    EXPECT_EQ(harness.revisions()[0].opening.audit_id, a.key < b.key ? "a" : "b");
  }
}

TEST(EngineTest, AnEventAtTheTimeOfTheCloseStillCounts) {
  EXPECT_THAT(StoryOf(EventCountSpec(2, kSecond, kMinute),
                      {AliceAt(kStart, "a").Build(), AliceAt(kStart, "b").Build(),
                       AliceAt(kStart + kMinute, "c").Build()}),
              ElementsAre("opened 1: count 2", "closed 2: count 3"));
}

TEST(EngineTest, AnEventAMicrosecondAfterTheCloseDoesNotCount) {
  EXPECT_THAT(StoryOf(EventCountSpec(2, kSecond, kMinute),
                      {AliceAt(kStart, "a").Build(), AliceAt(kStart, "b").Build(),
                       AliceAt(kStart + kMinute + 1, "c").Build()}),
              ElementsAre("opened 1: count 2", "closed 2: count 2"));
}

TEST(EngineTest, AnAlertThatGoesOnClosesAfterItsMaximumAndAnotherOpens) {
  RuleSpec rule = EventSpec(kMinute);
  rule.max_duration = 90 * kSecond;
  EngineHarness harness({rule});
  harness.Batch("source", {AliceAt(kStart, "a").Build(), AliceAt(kStart + kMinute, "b").Build(),
                           AliceAt(kStart + 2 * kMinute, "c").Build()});
  harness.Finish();
  EXPECT_THAT(harness.Story(),
              ElementsAre("opened 1: count 1", "escalated 2: count 2", "closed 3: count 2",
                          "opened 1: count 1", "closed 2: count 1"));
  EXPECT_EQ(harness.revisions()[2].closed, kStart + 90 * kSecond);
}

TEST(EngineTest, ClosesRunByTimeAndThenById) {
  EngineHarness harness({EventSpec(kMinute)});
  std::vector<Fact> facts;
  for (int i = 0; i < 10; ++i) {
    const std::string name = std::to_string(i);
    facts.push_back(FactBuilder(name, kStart + i % 2).Feeding(0, {name}).Build());
  }
  harness.Batch("source", facts);
  harness.Finish();
  std::vector<std::pair<Micros, std::string>> closes;
  for (const Alert& alert : harness.revisions()) {
    if (alert.state == AlertState::kClosed) {
      closes.emplace_back(alert.closed, alert.id);
    }
  }
  EXPECT_THAT(closes, SizeIs(10));
  EXPECT_TRUE(std::is_sorted(closes.begin(), closes.end()));
}

TEST(EngineTest, AtOneEventRulesFireInTheirOrder) {
  EngineHarness harness({EventSpec(kMinute), EventCountSpec(1, kMinute, kMinute)});
  harness.Batch("source",
                {FactBuilder("a", kStart).Feeding(1, {"alice"}).Feeding(0, {"alice"}).Build()});
  harness.Finish();
  EXPECT_EQ(harness.revisions()[0].rule->title, "Rule 0");
  EXPECT_EQ(harness.revisions()[1].rule->title, "Rule 1");
}

TEST(EngineTest, CopiesOfAnEventCountOnce) {
  const Fact fact = AliceAt(kStart, "a").Build();
  EngineHarness harness({EventSpec(kMinute)});
  harness.Batch("one", {fact, fact});
  harness.Batch("two", {fact});
  harness.Finish();
  EXPECT_THAT(harness.Story(), ElementsAre("opened 1: count 1", "closed 2: count 1"));
  EXPECT_EQ(harness.engine().stats().duplicate, 2);
}

TEST(EngineTest, ACopyOfAJudgedEventDoesNotCount) {
  const Fact fact = AliceAt(kStart, "a").Build();
  EngineHarness harness({EventSpec(kHour)});
  harness.Batch("source", {fact, AliceAt(kStart + 10 * kMinute, "b").Build()});
  harness.Batch("source", {fact});
  harness.Finish();
  EXPECT_EQ(harness.engine().stats().duplicate, 1);
  EXPECT_EQ(harness.engine().stats().judged, 2);
}

TEST(EngineTest, OfUnequalCopiesTheOneThatSaysMoreWinsWhicheverComesFirst) {
  const Fact plain = AliceAt(kStart, "a").WithReason("plain").Build();
  for (const Fact& better :
       {AliceAt(kStart, "a").WithReason("better").AtLevel(Level::kRequest).Build(),
        AliceAt(kStart, "a").WithReason("better").WithRawLength(1'001).Build()}) {
    for (const std::vector<Fact>& facts : {std::vector<Fact>{plain, better}, {better, plain}}) {
      EngineHarness harness({EventSpec(kMinute)});
      harness.Batch("source", facts);
      harness.Finish();
      EXPECT_EQ(harness.revisions()[0].opening.reason, "better");
    }
  }
}

TEST(EngineTest, ALevelIsWorthMoreThanALength) {
  EngineHarness harness({EventSpec(kMinute)});
  harness.Batch(
      "source",
      {AliceAt(kStart, "a").WithReason("long").WithRawLength(9'999).Build(),
       AliceAt(kStart, "a").WithReason("level").AtLevel(Level::kRequestResponse).Build()});
  harness.Finish();
  EXPECT_EQ(harness.revisions()[0].opening.reason, "level");
}

TEST(EngineTest, OfCopiesOfOneWorthTheGreaterBytesWin) {
  const Fact x = AliceAt(kStart, "a").WithReason("x").Build();
  const Fact y = AliceAt(kStart, "a").WithReason("y").Build();
  for (const std::vector<Fact>& facts : {std::vector<Fact>{x, y}, {y, x}}) {
    EngineHarness harness({EventSpec(kMinute)});
    harness.Batch("source", facts);
    harness.Finish();
    EXPECT_EQ(harness.revisions()[0].opening.reason, "y");
  }
}

TEST(EngineTest, TheEndOfARequestWhoseStartCountedDoesNotCount) {
  for (const Stage end : {Stage::kResponseComplete, Stage::kPanic}) {
    EXPECT_THAT(StoryOf(EventSpec(kHour),
                        {Started(kStart, "a").Build(), Ended(kMinute, "a").InStage(end).Build()}),
                ElementsAre("opened 1: count 1", "closed 2: count 1"));
  }
}

TEST(EngineTest, AStartThatIsJudgedAfterTheEndDoesNotCount) {
  EXPECT_THAT(
      StoryOf(EventSpec(kHour), {AliceAt(kStart, "a").Build(),
                                 Started(kStart + kSecond, "a").ReceivedAt(kStart).Build()}),
      ElementsAre("opened 1: count 1", "closed 2: count 1"));
}

TEST(EngineTest, StagesOfAShortRequestAreAPairToo) {
  EXPECT_THAT(
      StoryOf(EventSpec(kHour), {AliceAt(kStart, "a").InStage(Stage::kResponseStarted).Build(),
                                 AliceAt(kStart + kSecond, "a").ReceivedAt(kStart).Build()}),
      ElementsAre("opened 1: count 1", "closed 2: count 1"));
}

TEST(EngineTest, TheEndCountsWhereTheStartDidNotMatch) {
  EXPECT_THAT(StoryOf(EventSpec(kHour), {Ended(2 * kHour, "a").Build()}),
              ElementsAre("opened 1: count 1", "closed 2: count 1"));
}

TEST(EngineTest, TheEndOfALongRunningRequestOfMoreThanTwoHoursDoesNotCount) {
  EXPECT_THAT(StoryOf(EventSpec(kHour), {Ended(2 * kHour + 1, "a").Build()}), IsEmpty());
}

TEST(EngineTest, TheStartOfARequestIsRememberedForTwoHours) {
  EXPECT_THAT(
      StoryOf(EventSpec(kHour), {Started(kStart, "a").Build(), AliceAt(kStart + kHour, "b").Build(),
                                 Ended(2 * kHour, "a").Build()}),
      ElementsAre("opened 1: count 1", "escalated 2: count 2", "closed 3: count 2"));
}

TEST(EngineTest, EachRuleTakesTheStageThatItMatchesFirst) {
  EngineHarness harness({EventSpec(kHour), EventSpec(kHour)});
  harness.Batch("source",
                {Started(kStart, "a").Build(), Ended(kMinute, "a").Feeding(1, {"alice"}).Build()});
  harness.Finish();
  EXPECT_THAT(harness.Story(), ElementsAre("opened 1: count 1", "opened 1: count 1",
                                           "closed 2: count 1", "closed 2: count 1"));
  EXPECT_EQ(harness.revisions()[1].opening.audit_id, "a");
  EXPECT_EQ(harness.revisions()[1].first, kStart + kMinute);
}

FactMatch Through(std::uint32_t event_rule) {
  return {.alert_rule = 0,
          .event_rule = event_rule,
          .group = {"alice"},
          .counted = {},
          .downgraded = false,
          .matched = {}};
}

TEST(EngineTest, AnEventThatTwoRulesFeedToACorrelationCountsOnce) {
  RuleSpec rule = EventCountSpec(2, kMinute, kMinute);
  rule.fed_by = {0, 1};
  EXPECT_THAT(
      StoryOf(rule, {FactBuilder("a", kStart).Matching(Through(0)).Matching(Through(1)).Build()}),
      IsEmpty());
}

TEST(EngineTest, ARequestWhoseStagesTwoRulesFeedToACorrelationCountsOnce) {
  RuleSpec rule = EventCountSpec(2, kMinute, kMinute);
  rule.fed_by = {0, 1};
  EXPECT_THAT(
      StoryOf(
          rule,
          {FactBuilder("a", kStart).InStage(Stage::kResponseStarted).Matching(Through(0)).Build(),
           FactBuilder("a", kStart + kSecond).ReceivedAt(kStart).Matching(Through(1)).Build()}),
      IsEmpty());
}

TEST(EngineTest, AnEventWithoutTheCountedValueLeavesItsRequestToTheOtherStage) {
  EXPECT_THAT(StoryOf(ValueCountSpec(1, kMinute, kMinute), {FactBuilder("a", kStart)
                                                                .InStage(Stage::kResponseStarted)
                                                                .Feeding(0, {"alice"}, std::nullopt)
                                                                .Build(),
                                                            FactBuilder("a", kStart + kSecond)
                                                                .ReceivedAt(kStart)
                                                                .Feeding(0, {"alice"}, "value")
                                                                .Build()}),
              ElementsAre("opened 1: count 1", "closed 2: count 1"));
}

TEST(EngineTest, AMatchOfAnotherRuleSetIsIgnored) {
  EngineHarness harness({EventSpec(kMinute)});
  harness.Batch(
      "source",
      {FactBuilder("a", kStart).Feeding(0, {"one", "too many"}).Feeding(7, {"alice"}).Build()});
  harness.Finish();
  EXPECT_THAT(harness.revisions(), IsEmpty());
}

// The watermark is at kStart, and alice made one event at that time that is still to be judged.
EngineHarness AtWatermark(const RuleSpec& rule) {
  EngineHarness harness({rule});
  harness.Declare("source");
  harness.Batch("source", {AliceAt(kStart, "first").Build()});
  return harness;
}

TEST(EngineTest, AnEventAtTheWatermarkIsNotLate) {
  EngineHarness harness = AtWatermark(EventSpec(kMinute));
  harness.Batch("source", {AliceAt(kStart, "a").Build()});
  EXPECT_EQ(harness.engine().stats().late, 0);
}

TEST(EngineTest, ALateEventIsJudgedAtTheWatermarkAndKeepsItsTime) {
  EngineHarness harness = AtWatermark(EventSpec(kMinute));
  harness.Batch("source", {AliceAt(kStart - kSecond, "a").Build()});
  harness.Finish();
  EXPECT_EQ(harness.engine().stats().late, 1);
  const Alert& opened = harness.revisions().front();
  EXPECT_EQ(opened.opening.audit_id, "a");
  EXPECT_EQ(opened.first, kStart - kSecond);
  EXPECT_TRUE(opened.late);
  EXPECT_EQ(harness.revisions().back().closed, kStart + kMinute);
}

TEST(EngineTest, ALateEventIsJudgedBeforeItsRecordMovesTheWatermark) {
  EngineHarness harness = AtWatermark(EventSpec(kMinute));
  harness.Batch("source",
                {AliceAt(kStart + kHour, "b").Build(), AliceAt(kStart - kSecond, "a").Build()});
  EXPECT_EQ(harness.revisions()[0].opening.audit_id, "a");
  EXPECT_THAT(harness.Story(),
              ElementsAre("opened 1: count 1", "escalated 2: count 2", "closed 3: count 2"));
}

TEST(EngineTest, ALateEventCountsInTheWindowOfTheWatermark) {
  EngineHarness harness = AtWatermark(EventCountSpec(2, kSecond, kMinute));
  harness.Batch("source", {AliceAt(kStart - kMinute, "a").Build()});
  harness.Finish();
  EXPECT_THAT(harness.Story(), ElementsAre("opened 1: count 2", "closed 2: count 2"));
}

TEST(EngineTest, AnEventOfTheDedupeHorizonIsLateAndAnOlderOneIsTooLate) {
  EngineHarness harness = AtWatermark(EventSpec(kMinute));
  harness.Batch("source", {AliceAt(kStart - 10 * kMinute, "a").Build(),
                           AliceAt(kStart - 10 * kMinute - 1, "b").Build()});
  EXPECT_EQ(harness.engine().stats().late, 1);
  EXPECT_EQ(harness.engine().stats().too_late, 1);
}

TEST(EngineTest, CopiesOfALateEventCountOnce) {
  const Fact late = AliceAt(kStart - kSecond, "a").Build();
  EngineHarness harness = AtWatermark(EventSpec(kMinute));
  harness.Batch("source", {late, late});
  harness.Batch("source", {late});
  EXPECT_EQ(harness.engine().stats().late, 1);
  EXPECT_EQ(harness.engine().stats().duplicate, 2);
}

TEST(EngineTest, ADeclaredSourceWithoutDataHoldsEverythingBack) {
  EngineHarness harness({EventSpec(kMinute)});
  harness.Declare("a");
  harness.Declare("b");
  harness.Batch("a", {AliceAt(kStart, "a").Build(), AliceAt(kStart + kHour, "b").Build()});
  EXPECT_THAT(harness.revisions(), IsEmpty());
  harness.End("b");
  EXPECT_THAT(harness.Story(), ElementsAre("opened 1: count 1", "closed 2: count 1"));
}

TEST(EngineTest, ASourceHoldsNothingBackBeforeItsFirstEventIfThatIsKnown) {
  EngineHarness harness({EventSpec(kMinute)});
  harness.Declare("a");
  harness.Declare("b", kMinute, kStart + kHour);
  harness.Batch("a", {AliceAt(kStart, "a").Build(), AliceAt(kStart + 2 * kHour, "b").Build()});
  EXPECT_THAT(harness.Story(), ElementsAre("opened 1: count 1", "closed 2: count 1"));
  EXPECT_EQ(harness.engine().watermark(), kStart + kHour - kMinute);
}

TEST(EngineTest, AnIdleRecordLetsAlertsClose) {
  EngineHarness harness({EventSpec(kMinute)});
  harness.Batch("a", {AliceAt(kStart, "a").Build()});
  harness.Idle("a", kStart + kMinute);
  EXPECT_THAT(harness.Story(), ElementsAre("opened 1: count 1"));
  harness.Idle("a", kStart + kMinute + 1);
  EXPECT_THAT(harness.Story(), ElementsAre("opened 1: count 1", "closed 2: count 1"));
}

TEST(EngineTest, WaitsForTheLatenessOfTheSource) {
  EngineHarness harness({EventSpec(kMinute)});
  harness.Declare("a", kMinute);
  harness.Batch("a", {AliceAt(kStart, "a").Build(), AliceAt(kStart + kMinute, "b").Build()});
  EXPECT_THAT(harness.revisions(), IsEmpty());
  harness.Batch("a", {AliceAt(kStart + kMinute + 1, "c").Build()});
  EXPECT_THAT(harness.revisions(), SizeIs(1));
}

TEST(EngineTest, EveryFactIsCountedOnce) {
  const Fact fact = AliceAt(kStart, "a").Build();
  EngineHarness harness({EventSpec(kMinute)});
  harness.Batch("source", {fact, fact, AliceAt(kStart + kHour, "b").Build()});
  harness.Batch("source",
                {AliceAt(kStart, "too late").Build(), AliceAt(kStart + kHour - 1, "late").Build()});
  harness.Finish();
  const DetectorStats& stats = harness.engine().stats();
  EXPECT_EQ(stats.facts, 5);
  EXPECT_EQ(stats.judged + stats.duplicate + stats.too_late, stats.facts);
  EXPECT_EQ(stats.late, 1);
}

TEST(EngineTest, ASnapshotOfAnotherRuleSetIsRefused) {
  SavedState saved = SavedOf(*MakeEngine(MakeRuleSet({EventSpec(kMinute)}, "other"), {}));
  EngineHarness harness({EventSpec(kMinute)});
  EXPECT_THAT(harness.Restore(saved),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("another rule set")));
}

TEST(EngineTest, ASnapshotHasTheSectionsThatTheEngineNames) {
  EngineHarness harness({EventSpec(kMinute), EventCountSpec(2, kMinute, kMinute)});
  std::vector<StateSection> written;
  for (const SavedState::Part& part : harness.Save().sections) {
    written.push_back(part.section);
  }
  EXPECT_EQ(harness.engine().Sections(), written);
}

TEST(EngineTest, ASnapshotWithoutOneOfItsSectionsIsRefused) {
  EngineHarness harness({EventSpec(kMinute)});
  const SavedState saved = harness.Save();
  for (std::size_t i = 0; i < saved.sections.size(); ++i) {
    SavedState other = saved;
    other.sections.erase(other.sections.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_THAT(harness.Restore(other),
                StatusIs(absl::StatusCode::kNotFound, HasSubstr(saved.sections[i].section.name)));
  }
}

TEST(EngineTest, BytesAfterThePartOfASectionAreDamage) {
  EngineHarness harness({EventSpec(kMinute)});
  const SavedState saved = harness.Save();
  for (const SavedState::Part& part : saved.sections) {
    SavedState other = saved;
    other.bytes(part.section.name) += '\0';
    EXPECT_THAT(harness.Restore(other),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr(part.section.name)));
  }
}

TEST(EngineTest, ASnapshotReplacesTheState) {
  EngineHarness saved = AtWatermark(EventSpec(kMinute));
  EngineHarness harness({EventSpec(kMinute)});
  harness.Batch("other", {AliceAt(kStart + kHour, "a").Build()});
  ASSERT_THAT(harness.Restore(saved.Save()), IsOk());
  EXPECT_EQ(harness.Save(), saved.Save());
}

}  // namespace
}  // namespace hark::detect
