// An engine goes on with another rule set.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "detect/engine.h"
#include "support/collecting_sink.h"
#include "support/fact_builder.h"
#include "support/rule_set_builder.h"
#include "support/saved_state.h"
#include "support/status_matchers.h"

namespace hark::detect {
namespace {

using ::hark::testing::CollectingSink;
using ::hark::testing::EventCountSpec;
using ::hark::testing::EventSpec;
using ::hark::testing::FactBuilder;
using ::hark::testing::IsOk;
using ::hark::testing::kHour;
using ::hark::testing::kMinute;
using ::hark::testing::kSecond;
using ::hark::testing::kStart;
using ::hark::testing::MakeAlertRule;
using ::hark::testing::RuleSpec;
using ::hark::testing::SavedOf;
using ::hark::testing::SavedState;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct NamedRule {
  std::string name;
  RuleSpec spec;
  int version = 1;
  std::string title = "title";
};
using Rules = std::vector<NamedRule>;

std::shared_ptr<const rules::RuleSet> MakeSet(const Rules& named) {
  auto set = std::make_shared<rules::RuleSet>();
  for (const NamedRule& rule : named) {
    rules::AlertRule alert = MakeAlertRule(rule.spec);
    alert.info.id = rule.name;
    alert.info.version = absl::StrFormat("%s-%d", rule.name, rule.version);
    alert.info.title = rule.title;
    rules::EventRule event;
    event.id = "of " + rule.name;
    event.feeds = {static_cast<std::uint32_t>(set->alert_rules.size())};
    set->version += alert.info.version + "\n";
    set->alert_rules.push_back(std::move(alert));
    set->event_rules.push_back(std::move(event));
  }
  return set;
}

// An engine whose source has a lateness of one minute.
class Harness {
 public:
  explicit Harness(const Rules& named, EngineOptions options = {}) : options_(options) {
    Use(named);
    engine_ = MakeEngine(sets_.back(), options_);
    FactRecord declare;
    declare.kind = FactRecord::Kind::kDeclare;
    declare.source = "source";
    declare.lateness = kMinute;
    engine_->Apply(declare, sink_);
  }

  void Reload(const Rules& named) {
    Use(named);
    engine_ = ReloadEngine(std::move(engine_), sets_.back(), options_, sink_);
  }

  // An event of the actor that the rules match, with an audit ID of its own.
  FactBuilder Event(Micros time, const std::vector<std::string>& matching,
                    const std::string& actor = "alice") {
    FactBuilder builder(absl::StrFormat("id%d", events_++), time);
    for (const std::string& name : matching) {
      builder.Feeding(IndexOf(name), {actor});
    }
    return builder;
  }
  void Batch(const std::vector<Fact>& facts) {
    FactRecord record;
    record.source = "source";
    record.facts = facts;
    for (const Fact& fact : facts) {
      record.highest_time = std::max(record.highest_time, fact.time);
    }
    engine_->Apply(record, sink_);
  }
  void Give(Micros time, const std::vector<std::string>& matching,
            const std::string& actor = "alice") {
    Batch({Event(time, matching, actor).Build()});
  }
  void MoveWatermarkTo(Micros time) {
    FactRecord record;
    record.kind = FactRecord::Kind::kIdle;
    record.source = "source";
    record.highest_time = time;
    engine_->Apply(record, sink_);
  }
  void Finish() { engine_->Finish(sink_); }

  // The revisions since the last call: "reads closed 2: alice 4, rule changed".
  std::vector<std::string> Story() {
    std::vector<std::string> story;
    for (const Alert& alert : std::exchange(sink_.revisions, {})) {
      ids_.push_back(alert.id);
      const std::string_view reason = CloseReasonName(alert.close_reason);
      story.push_back(absl::StrFormat("%s %s %d: %s %d%s", alert.rule->id,
                                      std::string(AlertStateName(alert.state)), alert.n,
                                      alert.group[0].value_or(""), alert.count,
                                      reason.empty() ? "" : ", " + std::string(reason)));
    }
    return story;
  }

  Detector& engine() { return *engine_; }
  const std::vector<Alert>& revisions() const { return sink_.revisions; }
  const std::vector<std::string>& ids() const { return ids_; }  // of the told revisions
  const std::shared_ptr<const rules::RuleSet>& rules() const { return sets_.back(); }

 private:
  void Use(const Rules& named) {
    names_.clear();
    for (const NamedRule& rule : named) {
      names_.push_back(rule.name);
    }
    sets_.push_back(MakeSet(named));
  }
  std::uint32_t IndexOf(const std::string& name) const {
    return static_cast<std::uint32_t>(std::find(names_.begin(), names_.end(), name) -
                                      names_.begin());
  }

  EngineOptions options_;
  std::vector<std::string> names_;
  std::vector<std::shared_ptr<const rules::RuleSet>> sets_;
  std::unique_ptr<Detector> engine_;
  CollectingSink sink_;
  std::vector<std::string> ids_;
  int events_ = 0;
};

const NamedRule kReads = {"reads", EventCountSpec(10, kHour, kHour)};
const NamedRule kOther = {"other", EventSpec(kHour)};
const NamedRule kExec = {"exec", EventSpec(kHour)};

NamedRule Changed(NamedRule rule) {
  ++rule.version;
  return rule;
}

// Nine events, of which all are judged.
void NineReads(Harness& harness) {
  for (int i = 0; i < 9; ++i) {
    harness.Give(kStart + i * kSecond, {"reads"});
  }
  harness.MoveWatermarkTo(kStart + 2 * kMinute);
}

void OneRead(Harness& harness) {
  harness.Give(kStart + 3 * kMinute, {"reads"});
  harness.MoveWatermarkTo(kStart + 5 * kMinute);
}

TEST(ReloadTest, AnUnchangedRuleKeepsItsWindows) {
  Harness harness({kReads});
  NineReads(harness);
  harness.Reload({kOther, kReads});
  EXPECT_THAT(harness.Story(), IsEmpty());
  OneRead(harness);
  EXPECT_THAT(harness.Story(), ElementsAre("reads opened 1: alice 10"));
}

TEST(ReloadTest, AChangedRuleBeginsWithNothing) {
  Harness harness({kReads});
  NineReads(harness);
  harness.Reload({Changed(kReads)});
  OneRead(harness);
  EXPECT_THAT(harness.Story(), IsEmpty());
}

TEST(ReloadTest, AnAddedRuleBeginsWithNothing) {
  Harness harness({kOther});
  harness.Give(kStart, {"other"});
  harness.Reload({kOther, kReads});
  EXPECT_THAT(harness.Story(), IsEmpty());
  NineReads(harness);
  EXPECT_THAT(harness.Story(), ElementsAre("other opened 1: alice 1"));
  OneRead(harness);
  EXPECT_THAT(harness.Story(), ElementsAre("reads opened 1: alice 10"));
}

TEST(ReloadTest, AnUnchangedRuleKeepsItsOpenAlerts) {
  Harness harness({kExec, kReads});
  harness.Give(kStart, {"exec"});
  harness.MoveWatermarkTo(kStart + 1);
  harness.Reload({kOther, kReads, kExec});
  harness.Give(kStart + kMinute, {"exec"});
  harness.MoveWatermarkTo(kStart + 2 * kMinute);
  EXPECT_THAT(harness.Story(), ElementsAre("exec opened 1: alice 1", "exec escalated 2: alice 2"));
  harness.MoveWatermarkTo(kStart + 2 * kHour);
  EXPECT_THAT(harness.Story(), ElementsAre("exec closed 3: alice 2"));
  EXPECT_THAT(harness.ids(), ::testing::Each(harness.ids().front()));
}

TEST(ReloadTest, AnOpenAlertShowsTheTextsOfTheNewRuleSet) {
  Harness harness({kExec});
  harness.Give(kStart, {"exec"});
  harness.MoveWatermarkTo(kStart + 1);
  NamedRule renamed = kExec;
  renamed.title = "a better title";
  harness.Reload({renamed});
  harness.Finish();
  EXPECT_EQ(harness.revisions().front().rule->title, "title");
  EXPECT_EQ(harness.revisions().back().rule->title, "a better title");
}

TEST(ReloadTest, AChangedRuleClosesItsAlertsAtTheWatermark) {
  Harness harness({kExec, kReads});
  harness.Give(kStart, {"exec"});
  harness.MoveWatermarkTo(kStart + kMinute);
  harness.Reload({Changed(kExec), kReads});
  EXPECT_EQ(harness.revisions().back().closed, kStart + kMinute);
  EXPECT_THAT(harness.Story(),
              ElementsAre("exec opened 1: alice 1", "exec closed 2: alice 1, rule changed"));
  harness.Give(kStart + 2 * kMinute, {"exec"});
  harness.Finish();
  EXPECT_THAT(harness.Story(), ElementsAre("exec opened 1: alice 1", "exec closed 2: alice 1"));
  EXPECT_NE(harness.ids()[0], harness.ids()[2]);
}

TEST(ReloadTest, ARemovedRuleClosesItsAlerts) {
  Harness harness({kExec, kReads});
  harness.Give(kStart, {"exec"});
  harness.Give(kStart, {"exec"}, "bob");
  harness.MoveWatermarkTo(kStart + kMinute);
  harness.Story();
  harness.Reload({kReads});
  EXPECT_EQ(harness.revisions().size(), 2);
  EXPECT_LT(harness.revisions()[0].id, harness.revisions()[1].id);
  for (const Alert& alert : harness.revisions()) {
    EXPECT_EQ(alert.close_reason, CloseReason::kRuleChanged);
  }
  harness.Story();
  harness.Finish();
  EXPECT_THAT(harness.Story(), IsEmpty());
}

TEST(ReloadTest, WhatWaitsForTheWatermarkIsJudgedAtOnceByAChangedRule) {
  Harness harness({kExec});
  harness.Batch({harness.Event(kStart + 30 * kSecond, {"exec"}).Build(),
                 harness.Event(kStart + 20 * kSecond, {"exec"}).Build()});
  EXPECT_THAT(harness.Story(), IsEmpty());
  harness.Reload({Changed(kExec)});
  EXPECT_EQ(harness.revisions().front().first, kStart + 20 * kSecond);
  EXPECT_EQ(harness.revisions().back().closed, kStart + 30 * kSecond);
  EXPECT_FALSE(harness.revisions().back().late);
  EXPECT_THAT(harness.Story(), ElementsAre("exec opened 1: alice 1", "exec escalated 2: alice 2",
                                           "exec closed 3: alice 2, rule changed"));
  harness.Finish();
  EXPECT_THAT(harness.Story(), IsEmpty());
  EXPECT_EQ(harness.engine().stats().judged, 2);
}

TEST(ReloadTest, TimersOfAChangedRuleRunBetweenTheEventsThatWait) {
  const NamedRule brief = {"brief", EventSpec(kSecond)};
  Harness harness({brief});
  harness.Batch({harness.Event(kStart, {"brief"}).Build(),
                 harness.Event(kStart + 30 * kSecond, {"brief"}).Build()});
  harness.Reload({});
  EXPECT_THAT(harness.Story(),
              ElementsAre("brief opened 1: alice 1", "brief closed 2: alice 1",
                          "brief opened 1: alice 1", "brief closed 2: alice 1, rule changed"));
}

TEST(ReloadTest, WhatWaitsGoesOnWaitingForTheRulesThatStay) {
  Harness harness({kExec, kOther, kReads});
  harness.Batch({harness.Event(kStart, {"exec", "other"}).Build()});
  harness.Reload({{"aaa", EventSpec(kHour)}, Changed(kExec), kReads, kOther});
  EXPECT_THAT(harness.Story(),
              ElementsAre("exec opened 1: alice 1", "exec closed 2: alice 1, rule changed"));
  harness.MoveWatermarkTo(kStart + 1);
  EXPECT_THAT(harness.Story(), ElementsAre("other opened 1: alice 1"));
}

TEST(ReloadTest, ACopyOfWhatWaitedIsNotJudgedByTheChangedRuleEither) {
  Harness harness({kExec, kOther});
  FactBuilder builder = harness.Event(kStart, {"exec", "other"});
  harness.Batch({builder.Build()});
  harness.Reload({Changed(kExec), kOther});
  harness.Story();
  harness.Batch({builder.AtLevel(Level::kRequest).Build()});
  harness.MoveWatermarkTo(kStart + 1);
  EXPECT_THAT(harness.Story(), ElementsAre("other opened 1: alice 1"));
}

TEST(ReloadTest, ARequestThatARuleHasCountedIsNotCountedByItsNextVersion) {
  Harness harness({kExec});
  FactBuilder request = harness.Event(kStart, {"exec"});
  harness.Batch({request.InStage(Stage::kResponseStarted).Build()});
  harness.MoveWatermarkTo(kStart + 1);
  harness.Reload({Changed(kExec)});
  harness.Story();
  FactBuilder end("id0", kStart + 2 * kMinute);
  harness.Batch({end.ReceivedAt(kStart).Feeding(0, {"alice"}).Build()});
  harness.Finish();
  EXPECT_THAT(harness.Story(), IsEmpty());
}

TEST(ReloadTest, AnAlertThatWouldCloseAtTheWatermarkClosesWithItsRule) {
  Harness harness({kExec});
  harness.Give(kStart, {"exec"});
  harness.MoveWatermarkTo(kStart + kHour);
  harness.Reload({});
  EXPECT_EQ(harness.revisions().back().closed, kStart + kHour);
  EXPECT_THAT(harness.Story(),
              ElementsAre("exec opened 1: alice 1", "exec closed 2: alice 1, rule changed"));
}

// Something of each kind that a state has.
Harness WithState(EngineOptions options = {}) {
  Harness harness({kExec, kOther, kReads}, options);
  NineReads(harness);
  harness.Give(kStart + 150 * kSecond, {"exec", "other", "reads"});
  harness.Give(kStart + 4 * kMinute, {"exec", "other", "reads"});
  return harness;
}
const Rules kNext = {{"aaa", EventSpec(kHour)}, kOther, kReads};

TEST(ReloadTest, EqualHistoriesGiveEqualBytes) {
  Harness first = WithState();
  Harness second = WithState();
  first.Reload(kNext);
  second.Reload(kNext);
  EXPECT_EQ(SavedOf(first.engine()), SavedOf(second.engine()));
}

TEST(ReloadTest, TheSameRulesAgainChangeNothing) {
  Harness harness = WithState();
  const SavedState before = SavedOf(harness.engine());
  harness.Reload({kExec, kOther, kReads});
  EXPECT_EQ(SavedOf(harness.engine()), before);
}

TEST(ReloadTest, TheStateAfterItComesBackAsItWas) {
  Harness harness = WithState();
  harness.Reload(kNext);
  harness.Story();
  SavedState saved = SavedOf(harness.engine());
  Harness restored(kNext);
  ASSERT_THAT(restored.engine().Restore(saved), IsOk());
  EXPECT_EQ(SavedOf(restored.engine()), saved);
  DetectorGauges gauges;
  DetectorGauges restored_gauges;
  harness.engine().ReadGauges(gauges);
  restored.engine().ReadGauges(restored_gauges);
  for (std::size_t i = 0; i < gauges.rules.size(); ++i) {
    EXPECT_EQ(restored_gauges.rules[i].bytes, gauges.rules[i].bytes);
    EXPECT_EQ(restored_gauges.rules[i].open_alerts, gauges.rules[i].open_alerts);
  }
  EXPECT_EQ(restored_gauges.pending_bytes, gauges.pending_bytes);
  for (Harness* each : {&harness, &restored}) {
    each->Finish();
  }
  EXPECT_EQ(restored.Story(), harness.Story());
  EXPECT_EQ(SavedOf(restored.engine()), SavedOf(harness.engine()));
}

TEST(ReloadTest, AFrozenStateStaysAsItWas) {
  Harness harness = WithState();
  Harness undisturbed = WithState();
  const SavedState before = SavedOf(undisturbed.engine());
  undisturbed.Reload(kNext);
  undisturbed.Finish();
  auto frozen = harness.engine().Freeze();
  harness.Reload(kNext);
  harness.Finish();
  EXPECT_EQ(SavedOf(*frozen), before);
  frozen.reset();
  EXPECT_EQ(harness.Story(), undisturbed.Story());
  EXPECT_EQ(SavedOf(harness.engine()), SavedOf(undisturbed.engine()));
}

TEST(ReloadTest, WhatASmallerShareOfTheBudgetHasNoRoomForGoes) {
  Harness harness({kReads}, {.max_state_bytes = 60'000});
  for (int i = 0; i < 20; ++i) {
    harness.Give(kStart + i, {"reads"}, absl::StrFormat("actor%d", i));
  }
  harness.MoveWatermarkTo(kStart + kMinute);
  EXPECT_EQ(harness.engine().stats().evictions, 0);
  DetectorGauges gauges;
  harness.engine().ReadGauges(gauges);
  EXPECT_EQ(gauges.rules[0].groups, 20);
  harness.Reload({kExec, kReads, kOther});
  harness.engine().ReadGauges(gauges);
  EXPECT_LE(gauges.rules[1].bytes, 10'000);
  EXPECT_GT(gauges.rules[1].bytes, 5'000);
  EXPECT_EQ(gauges.rules[1].groups + gauges.rules[1].evictions, 20);
  EXPECT_EQ(harness.engine().stats().evictions, gauges.rules[1].evictions);
}

TEST(ReloadTest, GaugesSayWhatThereIs) {
  Harness harness = WithState();
  DetectorGauges gauges;
  harness.engine().ReadGauges(gauges);
  ASSERT_EQ(gauges.rules.size(), 3);
  EXPECT_EQ(gauges.rules[0].groups, 1);
  EXPECT_EQ(gauges.rules[0].open_alerts, (std::array<std::uint64_t, 5>{0, 0, 1, 0, 0}));
  EXPECT_EQ(gauges.rules[2].open_alerts, (std::array<std::uint64_t, 5>{0, 0, 1, 0, 0}));
  EXPECT_GT(gauges.rules[2].bytes, 0);
  EXPECT_GT(gauges.pending_bytes, 0);
  EXPECT_GT(gauges.key_bytes, 0);
  harness.Finish();
  harness.engine().ReadGauges(gauges);
  for (const DetectorGauges::Rule& rule : gauges.rules) {
    EXPECT_EQ(rule.groups, 0);
    EXPECT_EQ(rule.bytes, 0);
    EXPECT_THAT(rule.open_alerts, ::testing::Each(0));
  }
  EXPECT_EQ(gauges.pending_bytes, 0);
}

}  // namespace
}  // namespace hark::detect
