#include "detect/rule_state.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "detect/saved_bytes.h"
#include "support/collecting_sink.h"
#include "support/fact_builder.h"
#include "support/rule_set_builder.h"

namespace hark::detect {
namespace {

using ::hark::testing::CollectingSink;
using ::hark::testing::EventCountSpec;
using ::hark::testing::EventSpec;
using ::hark::testing::FactBuilder;
using ::hark::testing::kHour;
using ::hark::testing::kMinute;
using ::hark::testing::kSecond;
using ::hark::testing::kStart;
using ::hark::testing::MakeAlertRule;
using ::hark::testing::RuleSpec;
using ::hark::testing::SavedBytes;
using ::hark::testing::ValueCountSpec;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint64_t kPlenty = 1 << 20;

class Observer final : public EpisodeObserver {
 public:
  void OnEpisodeEvent(const std::string& alert_id, const Hash128& key) override {
    seen.emplace_back(alert_id, key);
  }
  std::vector<std::pair<std::string, Hash128>> seen;
};

// One rule; its timers run when a test says so.
class Harness {
 public:
  explicit Harness(const RuleSpec& spec, std::uint64_t budget = kPlenty)
      : rule_(MakeAlertRule(spec)), state_(rule_, 0, budget, context_) {
    context_.observer = &observer_;
  }

  // Each event is an audit ID of its own.
  void Event(const std::string& actor, Micros time, const std::string& value = "v") {
    const Fact fact =
        FactBuilder(absl::StrFormat("id%d", events_++), time).Feeding(0, {actor}, value).Build();
    keys_.push_back(fact.key);
    state_.Judge(fact, fact.matches[0], time, sink_);
  }
  void RunTimersBefore(Micros limit) {
    while (!context_.timers.empty() && context_.timers.begin()->time < limit) {
      const CloseTimer timer = *context_.timers.begin();
      context_.timers.erase(context_.timers.begin());
      state_.Close(timer.alert_id, sink_);
    }
  }
  std::vector<std::string> Story() const {
    std::vector<std::string> story;
    for (const Alert& alert : sink_.revisions) {
      story.push_back(absl::StrFormat("%s %s: count %d%s", *alert.group[0],
                                      std::string(AlertStateName(alert.state)), alert.count,
                                      alert.exact ? "" : ", not exact"));
    }
    return story;
  }

  RuleState& state() { return state_; }
  const std::vector<Alert>& revisions() const { return sink_.revisions; }
  const Observer& observer() const { return observer_; }
  const std::vector<Hash128>& keys() const { return keys_; }
  const CloseTimers& timers() const { return context_.timers; }

 private:
  rules::AlertRule rule_;
  RuleContext context_;
  RuleState state_;
  CollectingSink sink_;
  Observer observer_;
  std::vector<Hash128> keys_;
  int events_ = 0;
};

TEST(RuleStateTest, OpensAtTheFirstEventForWhichTheRuleHolds) {
  Harness harness(EventCountSpec(3, 10 * kSecond, kMinute));
  harness.Event("alice", kStart);
  harness.Event("alice", kStart + kSecond);
  EXPECT_THAT(harness.Story(), IsEmpty());
  harness.Event("alice", kStart + 2 * kSecond);
  EXPECT_THAT(harness.Story(), ElementsAre("alice opened: count 3"));
}

TEST(RuleStateTest, GroupsDoNotCountForEachOther) {
  Harness harness(EventCountSpec(2, 10 * kSecond, kMinute));
  harness.Event("alice", kStart);
  harness.Event("bob", kStart);
  EXPECT_THAT(harness.Story(), IsEmpty());
  EXPECT_EQ(harness.state().groups(), 2);
}

TEST(RuleStateTest, ClustersDoNotCountForEachOther) {
  Harness harness(EventCountSpec(2, 10 * kSecond, kMinute));
  CollectingSink sink;
  for (const char* cluster : {"east", "west"}) {
    const Fact fact = FactBuilder("id", kStart).InCluster(cluster).Feeding(0, {"alice"}).Build();
    harness.state().Judge(fact, fact.matches[0], kStart, sink);
  }
  EXPECT_THAT(sink.revisions, IsEmpty());
}

TEST(RuleStateTest, AGroupWithoutAValueIsNotTheGroupOfTheEmptyValue) {
  Harness harness(EventCountSpec(2, 10 * kSecond, kMinute));
  CollectingSink sink;
  for (const GroupValue& actor : {GroupValue(), GroupValue("")}) {
    const Fact fact = FactBuilder("id", kStart).Feeding(0, {actor}).Build();
    harness.state().Judge(fact, fact.matches[0], kStart, sink);
  }
  EXPECT_THAT(sink.revisions, IsEmpty());
}

TEST(RuleStateTest, AnEventAtWhichTheRuleDoesNotHoldCountsButDoesNotExtend) {
  Harness harness(EventCountSpec(2, 2 * kSecond, 5 * kSecond));
  harness.Event("alice", kStart);
  harness.Event("alice", kStart);
  harness.Event("alice", kStart + 4 * kSecond);
  harness.RunTimersBefore(kStart + kHour);
  EXPECT_THAT(harness.Story(), ElementsAre("alice opened: count 2", "alice closed: count 3"));
  EXPECT_EQ(harness.revisions().back().closed, kStart + 5 * kSecond);
  EXPECT_EQ(harness.revisions().back().last, kStart + 4 * kSecond);
}

TEST(RuleStateTest, AnEventAtWhichTheRuleHoldsExtends) {
  Harness harness(EventCountSpec(2, 2 * kSecond, 5 * kSecond));
  harness.Event("alice", kStart);
  harness.Event("alice", kStart);
  harness.Event("alice", kStart + kSecond);
  harness.RunTimersBefore(kStart + kHour);
  EXPECT_EQ(harness.revisions().back().closed, kStart + 6 * kSecond);
}

TEST(RuleStateTest, AWindowThatStillHoldsAfterTheCloseOpensAnotherAlert) {
  Harness harness(EventCountSpec(2, kMinute, kSecond));
  harness.Event("alice", kStart);
  harness.Event("alice", kStart);
  harness.RunTimersBefore(kStart + 2 * kSecond);
  harness.Event("alice", kStart + 2 * kSecond);
  EXPECT_THAT(harness.Story(), ElementsAre("alice opened: count 2", "alice closed: count 2",
                                           "alice opened: count 2"));
  EXPECT_NE(harness.revisions()[0].id, harness.revisions()[2].id);
}

TEST(RuleStateTest, ThereIsOneTimerForAnOpenAlert) {
  Harness harness(EventSpec(kMinute));
  harness.Event("alice", kStart);
  harness.Event("alice", kStart + kSecond);
  ASSERT_EQ(harness.timers().size(), 1);
  EXPECT_EQ(harness.timers().begin()->time, kStart + kSecond + kMinute);
}

TEST(RuleStateTest, TheObserverHearsOfEachEventOfAnAlertOnce) {
  Harness harness(ValueCountSpec(2, kMinute, kMinute));
  harness.Event("alice", kStart, "a");
  harness.Event("alice", kStart + 1, "a");
  harness.Event("alice", kStart + 2, "b");
  harness.Event("alice", kStart + 3, "b");
  const std::string id = harness.revisions()[0].id;
  EXPECT_THAT(harness.observer().seen,
              ElementsAre(std::pair(id, harness.keys()[1]), std::pair(id, harness.keys()[2]),
                          std::pair(id, harness.keys()[3])));
}

TEST(RuleStateTest, AGroupIsForgottenWhenItsLastEventLeftTheWindow) {
  Harness harness(EventCountSpec(2, kMinute, kMinute));
  harness.Event("alice", kStart);
  harness.state().ExpireBefore(kStart + kMinute);
  EXPECT_EQ(harness.state().groups(), 1);
  harness.state().ExpireBefore(kStart + kMinute + 1);
  EXPECT_EQ(harness.state().groups(), 0);
  EXPECT_EQ(harness.state().bytes(), 0);
}

TEST(RuleStateTest, AGroupWithAnOpenAlertIsNotForgotten) {
  Harness harness(EventCountSpec(1, kSecond, kHour));
  harness.Event("alice", kStart);
  harness.state().ExpireBefore(kStart + kMinute);
  EXPECT_EQ(harness.state().groups(), 1);
  harness.RunTimersBefore(kStart + 2 * kHour);
  harness.state().ExpireBefore(kStart + 2 * kHour);
  EXPECT_EQ(harness.state().groups(), 0);
  EXPECT_EQ(harness.state().bytes(), 0);
}

// So much that groups of one entry each fit in, but no further one, beside the eighth for episodes
// that wait for their close.
std::uint64_t BudgetOf(std::uint64_t groups, const RuleSpec& spec) {
  Harness harness(spec);
  harness.Event("x", kStart);
  return groups * harness.state().bytes() * 8 / 7 + 2;
}

TEST(RuleStateTest, OverBudgetTheGroupSeenLeastRecentlyGoesFirst) {
  const RuleSpec spec = EventCountSpec(2, kMinute, kMinute);
  Harness harness(spec, BudgetOf(3, spec));
  harness.Event("a", kStart);
  harness.Event("b", kStart + 1);
  harness.Event("c", kStart + 2);
  EXPECT_EQ(harness.state().evictions(), 0);
  harness.Event("d", kStart + 3);
  EXPECT_EQ(harness.state().evictions(), 1);
  harness.Event("b", kStart + 4);
  EXPECT_THAT(harness.Story(), ElementsAre("b opened: count 2, not exact"));
}

TEST(RuleStateTest, OverBudgetExpiredGroupsGoBeforeAnyOther) {
  const RuleSpec spec = EventCountSpec(2, kMinute, kMinute);
  Harness harness(spec, BudgetOf(3, spec));
  harness.Event("a", kStart);
  harness.Event("b", kStart + kMinute);
  harness.Event("c", kStart + kMinute);
  harness.Event("d", kStart + kMinute);
  EXPECT_EQ(harness.state().evictions(), 0);
  harness.Event("b", kStart + kMinute);
  EXPECT_THAT(harness.Story(), ElementsAre("b opened: count 2"));
}

TEST(RuleStateTest, AnEvictedGroupHasForgottenItsEvents) {
  const RuleSpec spec = EventCountSpec(2, kMinute, kMinute);
  Harness harness(spec, BudgetOf(1, spec));
  harness.Event("a", kStart);
  harness.Event("b", kStart + 1);
  harness.Event("a", kStart + 2);
  EXPECT_THAT(harness.Story(), IsEmpty());
}

TEST(RuleStateTest, AnAlertWhoseWindowBeginsAtTheLossIsExact) {
  const RuleSpec spec = EventCountSpec(1, kMinute, kSecond);
  Harness harness(spec);
  harness.state().NoteLoss(kStart);
  harness.Event("a", kStart + kMinute - 1);
  harness.Event("b", kStart + kMinute);
  EXPECT_THAT(harness.Story(), ElementsAre("a opened: count 1, not exact", "b opened: count 1"));
}

TEST(RuleStateTest, ALossWhileAnAlertIsOpenMakesItsFurtherRevisionsInexact) {
  Harness harness(EventSpec(kHour));
  harness.Event("a", kStart);
  harness.state().NoteLoss(kStart + kMinute);
  harness.Event("a", kStart + 2 * kMinute);
  EXPECT_THAT(harness.Story(), ElementsAre("a opened: count 1", "a escalated: count 2, not exact"));
}

TEST(RuleStateTest, AnEvictedGroupWithAnOpenAlertClosesIt) {
  const RuleSpec spec = EventSpec(kHour);
  Harness harness(spec, BudgetOf(1, spec));
  harness.Event("a", kStart);
  harness.Event("b", kStart + kSecond);
  harness.RunTimersBefore(kStart + kSecond + 1);
  EXPECT_THAT(harness.Story(), ElementsAre("a opened: count 1", "b opened: count 1",
                                           "a closed: count 1, not exact"));
  EXPECT_EQ(harness.revisions().back().closed, kStart + kSecond);
}

TEST(RuleStateTest, AnAlertThatWaitsForItsCloseCountsForTheBudget) {
  const RuleSpec spec = EventSpec(kHour);
  Harness harness(spec, BudgetOf(20, spec));
  const auto group = [](int i) { return absl::StrFormat("%02d", i); };
  for (int i = 0; i < 20; ++i) {
    harness.Event(group(i), kStart);
  }
  const std::uint64_t full = harness.state().bytes();
  harness.Event(group(20), kStart + kSecond);
  EXPECT_EQ(harness.state().evictions(), 1);
  EXPECT_EQ(harness.timers().size(), 21);
  EXPECT_GT(harness.state().bytes(), full);
  harness.RunTimersBefore(kStart + kSecond + 1);
  EXPECT_EQ(harness.state().bytes(), full);
}

TEST(RuleStateTest, AlertsThatWaitForTheirCloseAreNeverMoreThanTheBudgetHolds) {
  const RuleSpec spec = EventSpec(kHour);
  const std::uint64_t budget = BudgetOf(20, spec);
  Harness harness(spec, budget);
  for (int i = 0; i < 500; ++i) {
    harness.Event(absl::StrFormat("%03d", i), kStart);
    EXPECT_LE(harness.state().bytes(), budget);
  }
  EXPECT_EQ(harness.state().evictions(), 480);
  std::vector<std::string> closed;
  for (const Alert& alert : harness.revisions()) {
    if (alert.state == AlertState::kClosed) {
      EXPECT_EQ(alert.closed, kStart);
      EXPECT_FALSE(alert.exact);
      closed.push_back(alert.id);
    }
  }
  // Those that wait are closed by their timers, and nobody twice.
  EXPECT_EQ(closed.size() + harness.timers().size(), 500);
  harness.RunTimersBefore(kStart + 1);
  EXPECT_EQ(harness.timers().size(), 20);
  harness.RunTimersBefore(kStart + 2 * kHour);
  EXPECT_EQ(harness.revisions().size(), 1'000);
}

TEST(RuleStateTest, AnEarlierLossDoesNotHideALaterOne) {
  Harness harness(EventCountSpec(1, kMinute, kSecond));
  harness.state().NoteLoss(kStart + kHour);
  harness.state().NoteLoss(kStart);
  harness.Event("a", kStart + kHour);
  EXPECT_THAT(harness.Story(), ElementsAre("a opened: count 1, not exact"));
}

TEST(RuleStateTest, AGroupThatComesBackInTheMomentOfItsEvictionOpensAnotherAlert) {
  const RuleSpec spec = EventSpec(kHour);
  Harness harness(spec, BudgetOf(1, spec));
  harness.Event("a", kStart);
  harness.Event("b", kStart + kSecond);
  harness.Event("a", kStart + kSecond);
  harness.RunTimersBefore(kStart + kSecond + 1);
  harness.RunTimersBefore(kStart + 2 * kHour);
  EXPECT_EQ(harness.state().groups(), 1);
  EXPECT_EQ(harness.revisions().size(), 6);
  EXPECT_TRUE(harness.timers().empty());
}

TEST(RuleStateTest, OneGroupAloneStays) {
  Harness harness(EventCountSpec(3, kMinute, kMinute), 1);
  for (int i = 0; i < 3; ++i) {
    harness.Event("a", kStart + i);
  }
  EXPECT_THAT(harness.Story(), ElementsAre("a opened: count 3"));
  EXPECT_EQ(harness.state().evictions(), 0);
}

std::string Saved(const RuleState& state) {
  return SavedBytes(state.Freeze());
}

TEST(RuleStateTest, ComesBackAsItWas) {
  const RuleSpec spec = EventCountSpec(2, kMinute, kHour);
  Harness harness(spec);
  for (const char* actor : {"a", "b", "c", "a", "b", "b"}) {
    harness.Event(actor, kStart);
  }
  const std::string bytes = Saved(harness.state());
  Harness restored(spec);
  ByteReader reader(bytes);
  restored.state().Restore(reader);
  ASSERT_TRUE(reader.ok() && reader.at_end());
  EXPECT_EQ(Saved(restored.state()), bytes);
  EXPECT_EQ(restored.state().bytes(), harness.state().bytes());
  EXPECT_EQ(restored.timers().size(), 2);
  restored.RunTimersBefore(kStart + 2 * kHour);
  EXPECT_EQ(restored.revisions().size(), 2);
}

TEST(RuleStateTest, AnAlertThatWaitsForItsCloseComesBackAsItWas) {
  const RuleSpec spec = EventSpec(kHour);
  const std::uint64_t budget = BudgetOf(20, spec);
  Harness harness(spec, budget);
  for (int i = 0; i < 21; ++i) {
    harness.Event(absl::StrFormat("%02d", i), kStart);
  }
  const std::string bytes = Saved(harness.state());
  Harness restored(spec, budget);
  ByteReader reader(bytes);
  restored.state().Restore(reader);
  ASSERT_TRUE(reader.ok() && reader.at_end());
  EXPECT_EQ(Saved(restored.state()), bytes);
  EXPECT_EQ(restored.state().bytes(), harness.state().bytes());
  harness.RunTimersBefore(kStart + 1);
  restored.RunTimersBefore(kStart + 1);
  EXPECT_EQ(restored.revisions().size(), 1);
  EXPECT_EQ(restored.state().bytes(), harness.state().bytes());
}

TEST(RuleStateTest, AnOpenAlertThatIsMissingIsDamage) {
  Harness harness(EventSpec(kHour));
  harness.Event("a", kStart);
  ByteWriter damaged;
  damaged.Unsigned(0);
  damaged.Signed(kBeginningOfTime);
  damaged.Unsigned(1);
  damaged.Hash({});
  damaged.Signed(kStart);
  damaged.Bool(true);
  damaged.Hash({});
  damaged.Unsigned(0);
  damaged.Unsigned(0);
  ByteReader reader(damaged.bytes());
  harness.state().Restore(reader);
  EXPECT_FALSE(reader.ok());
}

TEST(RuleStateTest, AGroupThatComesTwiceIsDamage) {
  Harness harness(EventCountSpec(2, kMinute, kHour));
  ByteWriter damaged;
  damaged.Unsigned(0);
  damaged.Signed(kBeginningOfTime);
  damaged.Unsigned(2);
  for (int i = 0; i < 2; ++i) {
    damaged.Hash({});
    damaged.Signed(kStart + i);
    damaged.Bool(false);
    damaged.Unsigned(0);
  }
  damaged.Unsigned(0);
  ByteReader reader(damaged.bytes());
  harness.state().Restore(reader);
  EXPECT_FALSE(reader.ok());
}

}  // namespace
}  // namespace hark::detect
