// The engine under a state budget that does not suffice.

#include <cstdint>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "detect/engine_harness.h"

namespace hark::detect {
namespace {

using ::hark::testing::EngineHarness;
using ::hark::testing::EventSpec;
using ::hark::testing::FactBuilder;
using ::hark::testing::kHour;
using ::hark::testing::kMinute;
using ::hark::testing::kSecond;
using ::hark::testing::kStart;

// An event of alice that rule 0 matched.
FactBuilder AliceAt(Micros time, const std::string& audit_id) {
  FactBuilder builder(audit_id, time);
  return builder.Feeding(0, {"alice"});
}

// Keys of copies and pairs take a quarter of the budget, 32 bytes each: here there is room for
// eight of them, and for no pending event.
constexpr EngineOptions kTiny = {.max_state_bytes = std::uint64_t{4} * 8 * 32};

TEST(EngineBudgetTest, EventsInTimeAreJudgedThoughTheirMinuteWasForgotten) {
  EngineHarness harness({EventSpec(kHour)}, kTiny);
  for (int i = 0; i < 40; ++i) {
    harness.Batch("source", {AliceAt(kStart + i * kSecond, std::to_string(i)).Build()});
  }
  harness.Finish();
  EXPECT_EQ(harness.engine().stats().too_late, 0);
  EXPECT_EQ(harness.engine().stats().judged, 40);
  EXPECT_GT(harness.engine().stats().forgotten, 0);
  EXPECT_EQ(harness.engine().stats().evictions, 0);
}

TEST(EngineBudgetTest, ALateEventOfAForgottenMinuteIsTooLate) {
  EngineHarness harness({EventSpec(kHour)}, kTiny);
  std::vector<Fact> facts;
  for (int i = 0; i < 40; ++i) {
    facts.push_back(AliceAt(kStart + i, std::to_string(i)).Build());
  }
  facts.push_back(AliceAt(kStart + 2 * kMinute, "last").Build());
  harness.Batch("source", facts);
  harness.Batch("source", {facts[0]});
  EXPECT_EQ(harness.engine().stats().too_late, 1);
}

TEST(EngineBudgetTest, AlertsAreNotExactWhenRequestsAreForgotten) {
  EngineHarness harness({EventSpec(kHour)}, kTiny);
  std::vector<Fact> facts;
  for (int i = 0; i < 40; ++i) {
    facts.push_back(AliceAt(kStart + i, std::to_string(i)).Build());
  }
  harness.Batch("source", facts);
  harness.Finish();
  EXPECT_TRUE(harness.revisions().front().exact);
  EXPECT_FALSE(harness.revisions().back().exact);
}

// Room for about ten pending events.
constexpr EngineOptions kFewPending = {.max_state_bytes = std::uint64_t{4} * 10 * 1'100};

// Events of alice, a second apart, within the lateness of their source.
EngineHarness WithPending(int events) {
  EngineHarness harness({EventSpec(kHour)}, kFewPending);
  harness.Declare("source", kHour);
  for (int i = 0; i < events; ++i) {
    harness.Batch("source", {AliceAt(kStart + i * kSecond, std::to_string(i)).Build()});
  }
  return harness;
}

TEST(EngineBudgetTest, WithinTheBudgetNothingIsJudgedBeforeTheWatermark) {
  const EngineHarness harness = WithPending(5);
  EXPECT_EQ(harness.engine().stats().early, 0);
  EXPECT_EQ(harness.engine().stats().judged, 0);
}

TEST(EngineBudgetTest, OverTheBudgetTheOldestPendingEventsAreJudgedEarly) {
  EngineHarness harness = WithPending(30);
  const std::uint64_t judged = harness.engine().stats().judged;
  EXPECT_GT(judged, 10);
  EXPECT_LT(judged, 30);
  EXPECT_EQ(harness.engine().stats().early, judged);
  EXPECT_EQ(harness.engine().watermark(), kStart + static_cast<Micros>(judged - 1) * kSecond + 1);
  EXPECT_EQ(harness.revisions().front().opening.audit_id, "0");
  EXPECT_FALSE(harness.revisions().front().exact);
  harness.Finish();
  EXPECT_EQ(harness.engine().stats().early, judged);
  EXPECT_EQ(harness.engine().stats().judged, 30);
}

TEST(EngineBudgetTest, WhatComesFromBeforeAnEarlyReleaseIsLateOrACopy) {
  EngineHarness harness = WithPending(30);
  harness.Batch("source", {AliceAt(kStart + 1, "new").Build(), AliceAt(kStart, "0").Build()});
  EXPECT_EQ(harness.engine().stats().late, 1);
  EXPECT_EQ(harness.engine().stats().duplicate, 1);
}

TEST(EngineBudgetTest, AnEventThatOnlyTheBudgetMakesTooLateIsALoss) {
  EngineHarness harness({EventSpec(kHour)}, kFewPending);
  harness.Declare("source", kHour);
  for (int i = 0; i < 30; ++i) {
    harness.Batch("source", {AliceAt(kStart + i * kMinute, std::to_string(i)).Build()});
  }
  harness.Batch("source", {AliceAt(kStart, "too late").Build()});
  EXPECT_EQ(harness.engine().stats().too_late, 1);
  EXPECT_FALSE(harness.revisions().back().exact);
}

TEST(EngineBudgetTest, EventsOfOneMomentAreJudgedEarlyTogether) {
  EngineHarness harness({EventSpec(kHour)}, kFewPending);
  harness.Declare("source", kHour);
  std::vector<Fact> facts;
  for (int i = 0; i < 30; ++i) {
    facts.push_back(AliceAt(kStart, std::to_string(i)).Build());
  }
  harness.Batch("source", facts);
  EXPECT_EQ(harness.engine().stats().early, 30);
  harness.Batch("source", facts);
  EXPECT_EQ(harness.engine().stats().duplicate, 30);
}

}  // namespace
}  // namespace hark::detect
