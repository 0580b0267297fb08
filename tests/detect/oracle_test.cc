#include "detect/oracle.h"

#include <algorithm>
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
using ::hark::testing::Pressure;
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
  std::string difference = Difference(ToLines(actual), ToLines(expected.revisions));
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

// Notes when the state budget cuts.
class PressureObserver final : public EpisodeObserver {
 public:
  explicit PressureObserver(Pressure& pressure) : pressure_(pressure) {}
  void OnEpisodeEvent(const std::string& /*alert_id*/, const Hash128& /*key*/) override {}
  void OnEviction(std::uint32_t alert_rule, const Hash128& key) override {
    ++pressure_.evictions[{alert_rule, key}];
  }

 private:
  Pressure& pressure_;
};

// The engine under pressure: what it made of the records, and when its budget cut.
struct Pressed {
  std::vector<Alert> revisions;
  Pressure pressure;
  DetectorStats stats;
};

Pressed ReplayUnderPressure(const Case& tried, const std::shared_ptr<const rules::RuleSet>& rules) {
  Pressed pressed;
  PressureObserver observer(pressed.pressure);
  const auto engine = MakeEngine(rules, {.max_state_bytes = tried.max_state_bytes}, &observer);
  CollectingSink sink;
  for (const FactRecord& record : tried.records) {
    engine->Apply(record, sink);
    pressed.pressure.released.push_back(engine->watermark());
  }
  engine->Finish(sink);
  pressed.revisions = std::move(sink.revisions);
  pressed.stats = engine->stats();
  return pressed;
}

// Takes the closing revisions of these alerts out of the list and returns them, sorted: their place
// in it is not specified.
std::vector<std::string> TakeCloses(std::vector<Alert>& revisions,
                                    const std::set<std::string>& alerts) {
  std::vector<Alert> closes;
  std::erase_if(revisions, [&](const Alert& alert) {
    const bool taken = alert.state == AlertState::kClosed && alerts.contains(alert.id);
    if (taken) {
      closes.push_back(alert);
    }
    return taken;
  });
  std::vector<std::string> lines = ToLines(closes);
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::string DisagreementUnderPressure(const Case& tried) {
  const auto rules = MakeRuleSet(tried.rules);
  Pressed actual = ReplayUnderPressure(tried, rules);
  Expectation expected = Expect(*rules, tried.records, actual.pressure);
  expected.stats.evictions = actual.stats.evictions;
  const std::string closes = Difference(TakeCloses(actual.revisions, expected.evicted_alerts),
                                        TakeCloses(expected.revisions, expected.evicted_alerts));
  const std::string others = Difference(ToLines(actual.revisions), ToLines(expected.revisions));
  return closes + others + (actual.stats == expected.stats ? "" : "the counters differ");
}

// The cases are made so that copies and requests, which have a share of their own, fit into it.
TEST(OracleTest, UnderASmallBudgetEngineAndModelAgreeOnEveryRevision) {
  DetectorStats all;
  for (std::uint64_t seed = 1; seed <= CaseCount(20); ++seed) {
    const Case tried = RandomCaseUnderPressure(seed);
    const DetectorStats stats = ReplayUnderPressure(tried, MakeRuleSet(tried.rules)).stats;
    all.evictions += stats.evictions;
    all.early += stats.early;
    all.late += stats.late;
    ASSERT_EQ(stats.forgotten, 0) << seed;
    if (!DisagreementUnderPressure(tried).empty()) {
      const Case least =
          Shrink(tried, [](const Case& c) { return !DisagreementUnderPressure(c).empty(); });
      FAIL() << DisagreementUnderPressure(least) << Describe(least);
    }
  }
  // The cases do meet what they are made for: on average, which the few that sanitizers try need
  // not.
  const std::uint64_t cases = CaseCount(20);
  const std::uint64_t least = cases >= 500 ? cases : cases / 4;
  EXPECT_GT(all.evictions, least);
  EXPECT_GT(all.early, least);
  EXPECT_GT(all.late, least);
}

std::size_t IndexOf(const rules::RuleSet& rules, const Alert& alert) {
  std::size_t index = 0;
  while (rules.alert_rules[index].info.id != alert.rule->id) {
    ++index;
  }
  return index;
}

// The revisions of the groups that stay, without the flag.
std::vector<std::string> LinesWithoutExact(std::vector<Alert> revisions,
                                           const rules::RuleSet& rules,
                                           const Expectation& pressed) {
  std::erase_if(revisions, [&](const Alert& alert) {
    return pressed.evicted_groups.contains(
        {IndexOf(rules, alert), GroupKey(alert.cluster, alert.group)});
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
    const Pressed actual = ReplayUnderPressure(tried, rules);
    const Expectation pressed = Expect(*rules, tried.records, actual.pressure);
    const Expectation unlimited =
        Expect(*rules, tried.records, {.evictions = {}, .released = actual.pressure.released});
    ASSERT_EQ(Difference(LinesWithoutExact(actual.revisions, *rules, pressed),
                         LinesWithoutExact(unlimited.revisions, *rules, pressed)),
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
    for (const Alert& alert : ReplayUnderPressure(tried, rules).revisions) {
      if (alert.exact && alert.state == AlertState::kOpened) {
        ASSERT_EQ(alert.count, tried.rules[IndexOf(*rules, alert)].threshold) << Describe(tried);
      }
    }
  }
}

}  // namespace
}  // namespace hark::detect
