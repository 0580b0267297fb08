// What the budget counts is close to what the process takes.

#include "detect/logical_size.h"

#include <malloc.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "detect/engine.h"
#include "detect/facts_in_order.h"
#include "detect/rule_state.h"
#include "support/fact_builder.h"
#include "support/rule_set_builder.h"

namespace hark::detect {
namespace {

using ::hark::testing::EventCountSpec;
using ::hark::testing::EventSpec;
using ::hark::testing::FactBuilder;
using ::hark::testing::kHour;
using ::hark::testing::kMinute;
using ::hark::testing::kStart;
using ::hark::testing::MakeAlertRule;
using ::hark::testing::MakeRuleSet;
using ::hark::testing::RuleSpec;
using ::testing::AllOf;
using ::testing::Ge;
using ::testing::Le;

constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 40;

class IgnoringSink final : public RevisionSink {
 public:
  void OnRevision(const Alert& /*alert*/) override {}
};

// A fact with texts as long as those of real clusters.
Fact ListBy(std::size_t user, Micros time) {
  FactBuilder builder(absl::StrFormat("0b6e2b2a-5b0e-4d0c-8a11-%012d", time % 1'000'000'000), time);
  builder.On("payments-prod", "");
  builder.Matching(
      {.alert_rule = 0,
       .event_rule = 0,
       .group = {absl::StrFormat("system:serviceaccount:ci:runner-%d", user), "192.0.2.10"},
       .counted = {},
       .downgraded = false,
       .matched = {{.field = "resource", .value = "secrets"}, {.field = "verb", .value = "list"}}});
  Fact fact = builder.Build();
  Evidence& evidence = fact.evidence;
  evidence.actor_name = *fact.matches[0].group[0];
  evidence.actor_groups = {"system:serviceaccounts", "system:authenticated"};
  evidence.actor_uid = "4b6e2b2a-5b0e-4d0c-8a11-000000000000";
  evidence.actor_credential = "X509SHA256=" + std::string(64, 'f');
  evidence.source_ip = "192.0.2.10";
  evidence.source_ips = {"192.0.2.10"};
  evidence.user_agent = "kubectl/v1.37.0 (linux/amd64) kubernetes/abcdef0";
  evidence.uri = "/api/v1/namespaces/payments-prod/secrets?limit=500";
  return fact;
}

std::uint64_t HeapBytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// The sanitizers bring an allocator that does not tell.
bool HeapIsMeasured() {
  const std::uint64_t before = HeapBytes();
  const std::vector<char> block(1'000'000);
  return HeapBytes() >= before + block.size();
}

void ExpectClose(std::uint64_t logical, std::uint64_t real) {
  EXPECT_THAT(static_cast<double>(logical) / static_cast<double>(real), AllOf(Ge(0.8), Le(1.25)))
      << logical << " for " << real;
}

void ExpectStateIsCountedAsItIs(RuleSpec spec, std::size_t users, std::size_t events) {
  if (!HeapIsMeasured()) {
    GTEST_SKIP() << "the heap is not the one of glibc";
  }
  spec.group_by = 2;
  const rules::AlertRule rule = MakeAlertRule(spec);
  IgnoringSink sink;
  const std::uint64_t before = HeapBytes();
  RuleContext context;
  RuleState state(rule, 0, kNoLimit, context);
  for (std::size_t i = 0; i < events; ++i) {
    const Fact fact = ListBy(i % users, kStart + static_cast<Micros>(i));
    state.Judge(fact, fact.matches[0], fact.time, sink);
  }
  ExpectClose(state.bytes(), HeapBytes() - before);
}

TEST(LogicalSizeTest, GroupsOfOneEvent) {
  ExpectStateIsCountedAsItIs(EventCountSpec(20, kHour, kHour), 10'000, 10'000);
}

TEST(LogicalSizeTest, GroupsOfManyEventsWithAnOpenAlert) {
  ExpectStateIsCountedAsItIs(EventCountSpec(20, kHour, kHour), 1'000, 30'000);
}

TEST(LogicalSizeTest, OpenAlertsOfOneEvent) {
  ExpectStateIsCountedAsItIs(EventSpec(kHour), 10'000, 10'000);
}

TEST(LogicalSizeTest, PendingFacts) {
  if (!HeapIsMeasured()) {
    GTEST_SKIP() << "the heap is not the one of glibc";
  }
  const std::uint64_t before = HeapBytes();
  FactsInOrder facts;
  for (std::size_t i = 0; i < 10'000; ++i) {
    facts.Add(ListBy(i, kStart + static_cast<Micros>(i)));
  }
  ExpectClose(facts.bytes(), HeapBytes() - before);
}

// Some events of new users, as one record of one source.
FactRecord Batch(std::size_t first_user, Micros time, Micros step) {
  constexpr std::size_t kEvents = 50;
  FactRecord record;
  record.source = "source";
  for (std::size_t i = 0; i < kEvents; ++i) {
    record.facts.push_back(ListBy(first_user + i, time));
    time += step;
  }
  record.highest_time = record.facts.back().time;
  return record;
}

constexpr std::uint64_t kBudget = 4 << 20;

void Declare(Detector& engine, Micros lateness, RevisionSink& sink) {
  FactRecord record;
  record.kind = FactRecord::Kind::kDeclare;
  record.source = "source";
  record.lateness = lateness;
  engine.Apply(record, sink);
}

TEST(LogicalSizeTest, EventsWithinALongLatenessStayInTheBudget) {
  if (!HeapIsMeasured()) {
    GTEST_SKIP() << "the heap is not the one of glibc";
  }
  RuleSpec spec = EventCountSpec(20, kMinute, kMinute);
  spec.group_by = 2;
  IgnoringSink sink;
  const auto engine = MakeEngine(MakeRuleSet({spec}), {.max_state_bytes = kBudget});
  Declare(*engine, kHour, sink);
  const std::uint64_t before = HeapBytes();
  for (std::size_t user = 0; user < 20'000; user += 50) {
    engine->Apply(Batch(user, kStart + static_cast<Micros>(user), 1), sink);
  }
  EXPECT_LT(HeapBytes() - before, kBudget * 5 / 4);
  EXPECT_GT(engine->stats().early, 0);
}

TEST(LogicalSizeTest, AlertsOfLateEventsStayInTheBudget) {
  if (!HeapIsMeasured()) {
    GTEST_SKIP() << "the heap is not the one of glibc";
  }
  RuleSpec spec = EventSpec(kHour);
  spec.group_by = 2;
  IgnoringSink sink;
  const auto engine = MakeEngine(MakeRuleSet({spec}), {.max_state_bytes = kBudget});
  Declare(*engine, 0, sink);
  const std::uint64_t before = HeapBytes();
  engine->Apply(Batch(0, kStart + kMinute, kMinute), sink);
  const Micros now = engine->watermark();
  for (std::size_t user = 50; user < 20'000; user += 50) {
    engine->Apply(Batch(user, now - kMinute + static_cast<Micros>(user), 1), sink);
  }
  EXPECT_LT(HeapBytes() - before, kBudget * 5 / 4);
  EXPECT_EQ(engine->stats().late, 20'000 - 50);
  EXPECT_EQ(engine->watermark(), now);
}

}  // namespace
}  // namespace hark::detect
