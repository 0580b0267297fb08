#include "detect/oracle.h"

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "base/text.h"
#include "detect/engine.h"
#include "detect/random_case.h"
#include "support/case_count.h"
#include "support/collecting_sink.h"
#include "support/rule_set_builder.h"

namespace hark::detect {
namespace {

using ::hark::testing::Case;
using ::hark::testing::CaseCount;
using ::hark::testing::CollectingSink;
using ::hark::testing::Describe;
using ::hark::testing::Difference;
using ::hark::testing::Expect;
using ::hark::testing::Expectation;
using ::hark::testing::MakeRuleSet;
using ::hark::testing::RandomCase;
using ::hark::testing::RandomCaseUnderPressure;
using ::hark::testing::Replay;
using ::hark::testing::Shrink;
using ::hark::testing::ToLines;

// How the engine and the model part; empty if they agree. Adds the revisions that were compared
// to `compared`.
std::string Disagreement(const Case& tried, std::uint64_t& compared) {
  const auto rules = MakeRuleSet(tried.rules);
  const auto engine = MakeEngine(rules, {.max_state_bytes = tried.max_state_bytes});
  const std::vector<Alert> actual = Replay(*engine, tried.records);
  const Expectation expected = Expect(*rules, tried.records);
  compared += expected.revisions.size();
  const std::string difference = Difference(ToLines(actual), ToLines(expected.revisions));
  if (difference.empty() && engine->stats() != expected.stats) {
    return "the counters differ";
  }
  return difference;
}

TEST(OracleTest, EngineAndModelAgreeOnEveryRevision) {
  std::uint64_t compared = 0;
  for (std::uint64_t seed = 1; seed <= CaseCount(); ++seed) {
    const Case tried = RandomCase(seed);
    if (!Disagreement(tried, compared).empty()) {
      const Case least =
          Shrink(tried, [&](const Case& c) { return !Disagreement(c, compared).empty(); });
      FAIL() << Disagreement(least, compared) << Describe(least);
    }
  }
  EXPECT_GT(compared, CaseCount());
}

// The engine under pressure: its revisions, and how many groups it dropped at each judged event.
struct Pressed {
  std::vector<Alert> revisions;
  std::vector<std::uint64_t> evictions;
};

// REQUIRES: each record holds one event, later than all before it, so that it releases the event
// of the record before.
Pressed ReplayUnderPressure(const Case& tried, const rules::RuleSet* rules) {
  const auto engine =
      MakeEngine(std::shared_ptr<const rules::RuleSet>(std::shared_ptr<void>(), rules),
                 {.max_state_bytes = tried.max_state_bytes});
  CollectingSink sink;
  Pressed pressed;
  std::uint64_t before = 0;
  const auto note = [&] {
    pressed.evictions.push_back(engine->stats().evictions - before);
    before = engine->stats().evictions;
  };
  for (const FactRecord& record : tried.records) {
    const bool releases = &record != &tried.records.front();
    engine->Apply(record, sink);
    if (releases) {
      note();
    }
  }
  engine->Finish(sink);
  note();
  pressed.revisions = std::move(sink.revisions);
  return pressed;
}

std::string DisagreementUnderPressure(const Case& tried) {
  const auto rules = MakeRuleSet(tried.rules);
  const Pressed actual = ReplayUnderPressure(tried, rules.get());
  const Expectation expected = Expect(*rules, tried.records, actual.evictions);
  return Difference(ToLines(actual.revisions), ToLines(expected.revisions));
}

TEST(OracleTest, ASmallBudgetDropsExpiredGroupsFirstAndThenThoseSeenLeastRecently) {
  std::uint64_t evictions = 0;
  for (std::uint64_t seed = 1; seed <= CaseCount(20); ++seed) {
    const Case tried = RandomCaseUnderPressure(seed);
    const auto rules = MakeRuleSet(tried.rules);
    for (const std::uint64_t dropped : ReplayUnderPressure(tried, rules.get()).evictions) {
      evictions += dropped;
    }
    if (!DisagreementUnderPressure(tried).empty()) {
      const Case least =
          Shrink(tried, [](const Case& c) { return !DisagreementUnderPressure(c).empty(); });
      FAIL() << DisagreementUnderPressure(least) << Describe(least);
    }
  }
  EXPECT_GT(evictions, CaseCount(20));
}

// The revisions of the groups that stay, without the flag.
std::vector<std::string> LinesWithoutExact(std::vector<Alert> revisions,
                                           const std::set<std::string>& without) {
  std::erase_if(revisions, [&](const Alert& alert) {
    return without.contains(GroupKey(alert.cluster, alert.group));
  });
  for (Alert& alert : revisions) {
    alert.exact = true;
  }
  return ToLines(revisions);
}

TEST(OracleTest, UnderASmallBudgetGroupsThatStayAreEqualButForExact) {
  for (std::uint64_t seed = 1; seed <= CaseCount(20); ++seed) {
    const Case tried = RandomCaseUnderPressure(seed);
    const auto rules = MakeRuleSet(tried.rules);
    const Pressed actual = ReplayUnderPressure(tried, rules.get());
    const std::set<std::string> evicted =
        Expect(*rules, tried.records, actual.evictions).evicted_groups;
    const std::vector<Alert> unlimited = Expect(*rules, tried.records).revisions;
    ASSERT_EQ(Difference(LinesWithoutExact(actual.revisions, evicted),
                         LinesWithoutExact(unlimited, evicted)),
              "")
        << Describe(tried);
  }
}

// An alert that claims to be exact is the one that unlimited memory would have raised, unless an
// eviction before its window split a longer episode.
TEST(OracleTest, UnderASmallBudgetAnAlertThatOpensAsExactCountsItsWholeWindow) {
  for (std::uint64_t seed = 1; seed <= CaseCount(20); ++seed) {
    const Case tried = RandomCaseUnderPressure(seed);
    const auto rules = MakeRuleSet(tried.rules);
    for (const Alert& alert : ReplayUnderPressure(tried, rules.get()).revisions) {
      if (alert.exact && alert.state == AlertState::kOpened) {
        ASSERT_EQ(alert.count, tried.rules.front().threshold) << Describe(tried);
      }
    }
  }
}

}  // namespace
}  // namespace hark::detect
