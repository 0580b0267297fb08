// A reload between any two records, compared with what the engine does without one.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

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
using ::hark::testing::EventSpec;
using ::hark::testing::kHour;
using ::hark::testing::MakeAlertRule;
using ::hark::testing::MakeRuleSet;
using ::hark::testing::Random;
using ::hark::testing::RandomCase;
using ::hark::testing::Replay;
using ::hark::testing::ToLines;

// The rules of the case behind one that is new and matches nothing; one may be changed, too.
std::shared_ptr<const rules::RuleSet> NextRules(const rules::RuleSet& rules, std::size_t changed) {
  auto next = std::make_shared<rules::RuleSet>(rules);
  next->version = "rules-2";
  rules::AlertRule added = MakeAlertRule(EventSpec(kHour));
  added.info.id = "added";
  if (changed < next->alert_rules.size()) {
    next->alert_rules[changed].info.version = "changed";
  }
  next->alert_rules.insert(next->alert_rules.begin(), added);
  for (rules::EventRule& rule : next->event_rules) {
    for (std::uint32_t& feed : rule.feeds) {
      ++feed;
    }
  }
  return next;
}

class Reloaded {
 public:
  // Reloads after `cut` records. `changed`: the rule that is changed, if there is such an index.
  Reloaded(const Case& tried, std::size_t cut, std::size_t changed)
      : rules_(MakeRuleSet(tried.rules)), next_(NextRules(*rules_, changed)) {
    auto engine = MakeEngine(rules_, {});
    CollectingSink sink;
    for (std::size_t i = 0; i < cut; ++i) {
      engine->Apply(tried.records[i], sink);
    }
    engine = ReloadEngine(std::move(engine), next_, {}, sink);
    until_reload_ = sink.revisions.size();
    for (std::size_t i = cut; i < tried.records.size(); ++i) {
      FactRecord record = tried.records[i];
      for (Fact& fact : record.facts) {
        for (FactMatch& match : fact.matches) {
          ++match.alert_rule;
        }
      }
      engine->Apply(std::move(record), sink);
    }
    engine->Finish(sink);
    stats_ = engine->stats();
    revisions_ = std::move(sink.revisions);
  }

  const std::vector<Alert>& revisions() const { return revisions_; }
  std::size_t until_reload() const { return until_reload_; }
  const DetectorStats& stats() const { return stats_; }

 private:
  std::shared_ptr<const rules::RuleSet> rules_, next_;
  std::vector<Alert> revisions_;
  std::size_t until_reload_ = 0;
  DetectorStats stats_;
};

std::vector<Alert> OfRule(const std::vector<Alert>& revisions, const std::string& id, bool is) {
  std::vector<Alert> chosen;
  for (const Alert& alert : revisions) {
    if ((alert.rule->id == id) == is) {
      chosen.push_back(alert);
    }
  }
  return chosen;
}

// Only what was opened and grew: when an alert closes a reload decides.
std::vector<std::string> Growth(std::vector<Alert> revisions) {
  std::erase_if(revisions, [](const Alert& alert) { return alert.state == AlertState::kClosed; });
  return ToLines(revisions);
}

TEST(ReloadPropertyTest, RulesThatStayAreNotDisturbed) {
  for (std::uint64_t seed = 1; seed <= CaseCount(10) && !HasFailure(); ++seed) {
    const Case tried = RandomCase(seed);
    const std::size_t cut = Random(seed).Below(tried.records.size() + 1);
    const auto rules = MakeRuleSet(tried.rules);
    const auto engine = MakeEngine(rules, {});
    const std::vector<Alert> whole = Replay(*engine, tried.records);
    const Reloaded reloaded(tried, cut, tried.rules.size());
    EXPECT_EQ(Difference(ToLines(reloaded.revisions()), ToLines(whole)), "")
        << "reload after " << cut << " records of\n"
        << Describe(tried);
    EXPECT_EQ(reloaded.stats(), engine->stats());
  }
}

TEST(ReloadPropertyTest, AChangedRuleJudgesAllThatWasGivenAndTheOthersAreNotDisturbed) {
  for (std::uint64_t seed = 1; seed <= CaseCount(10) && !HasFailure(); ++seed) {
    const Case tried = RandomCase(seed);
    const std::size_t cut = Random(seed).Below(tried.records.size() + 1);
    const std::size_t changed = seed % tried.rules.size();
    const auto rules = MakeRuleSet(tried.rules);
    const std::string& id = rules->alert_rules[changed].info.id;
    const Reloaded reloaded(tried, cut, changed);
    const std::vector<Alert> whole = Replay(*MakeEngine(rules, {}), tried.records);
    EXPECT_EQ(Difference(ToLines(OfRule(reloaded.revisions(), id, false)),
                         ToLines(OfRule(whole, id, false))),
              "")
        << "seed " << seed << ", reload after " << cut << " records of\n"
        << Describe(tried);
    // The end of all time after the records that were given before has everything judged, too.
    Case before = tried;
    before.records.resize(cut);
    const std::vector<Alert> all_judged = Replay(*MakeEngine(rules, {}), before.records);
    std::vector<Alert> until_reload = reloaded.revisions();
    until_reload.resize(reloaded.until_reload());
    EXPECT_EQ(
        Difference(Growth(OfRule(until_reload, id, true)), Growth(OfRule(all_judged, id, true))),
        "")
        << "reload after " << cut << " records of\n"
        << Describe(tried);
    std::size_t open = 0;
    for (const Alert& alert : OfRule(reloaded.revisions(), id, true)) {
      const bool is_old = alert.rule->version != "changed";
      open += is_old && alert.state == AlertState::kOpened ? 1 : 0;
      open -= is_old && alert.state == AlertState::kClosed ? 1 : 0;
      EXPECT_TRUE(is_old || open == 0) << "an alert of the old version is still open";
    }
  }
}

}  // namespace
}  // namespace hark::detect
