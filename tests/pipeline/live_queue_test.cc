#include "pipeline/live_queue.h"

#include <optional>

#include "gtest/gtest.h"

namespace hark::pipeline {
namespace {

constexpr Micros kSecond = 1'000'000;

TEST(LiveQueueTest, TakesTheSourceThatHasComeLeastFarFirst) {
  LiveQueue queue;
  queue.Add(5 * kSecond);
  queue.Add(3 * kSecond);
  queue.Add(4 * kSecond);
  EXPECT_EQ(queue.Take(0), 1U);
  EXPECT_EQ(queue.Take(0), 2U);
  EXPECT_EQ(queue.Take(0), 0U);
  EXPECT_EQ(queue.Take(0), std::nullopt);
}

TEST(LiveQueueTest, NobodyRunsFarAheadOfOneThatIsBeingRead) {
  LiveQueue queue;
  queue.Add(0);
  queue.Add(LiveQueue::kMaxAhead + 1);
  EXPECT_EQ(queue.Take(0), 0U);
  EXPECT_EQ(queue.Take(0), std::nullopt);
  queue.ReturnActive(0, kSecond);
  EXPECT_EQ(queue.Take(0), 0U);
  EXPECT_EQ(queue.Take(0), 1U);
}

TEST(LiveQueueTest, OneThatHasNothingHoldsNobodyBackAndComesAgainWhenItIsDue) {
  LiveQueue queue;
  queue.Add(0);
  queue.Add(100 * kSecond);
  EXPECT_EQ(queue.Take(0), 0U);
  queue.ReturnWaiting(0, 7);
  EXPECT_EQ(queue.next_due(), 7);
  EXPECT_EQ(queue.Take(0), 1U);
  EXPECT_EQ(queue.Take(6), std::nullopt);
  EXPECT_EQ(queue.Take(7), 0U);
}

TEST(LiveQueueTest, ItTellsWhetherThereIsWorkForAnotherThread) {
  LiveQueue queue;
  queue.Add(0);
  queue.Add(kSecond);
  EXPECT_EQ(queue.Take(0), 0U);
  EXPECT_TRUE(queue.has_ready());
  EXPECT_EQ(queue.Take(0), 1U);
  EXPECT_FALSE(queue.has_ready());
  queue.ReturnWaiting(1, 10);
  EXPECT_FALSE(queue.has_ready());
  queue.ReturnActive(0, kSecond);
  EXPECT_TRUE(queue.has_ready());
}

TEST(LiveQueueTest, ASourceWithoutAnyEventIsReadBeforeTheOthersGoOn) {
  LiveQueue queue;
  queue.Add(kSecond);
  queue.Add(kBeginningOfTime);
  EXPECT_EQ(queue.Take(0), 1U);
  EXPECT_EQ(queue.Take(0), std::nullopt);
  queue.ReturnWaiting(1, 10);
  EXPECT_EQ(queue.Take(0), 0U);
}

TEST(LiveQueueTest, ARemovedSourceHoldsNobodyBack) {
  LiveQueue queue;
  queue.Add(0);
  queue.Add(100 * kSecond);
  EXPECT_EQ(queue.Take(0), 0U);
  queue.Remove(0);
  EXPECT_EQ(queue.size(), 1U);
  EXPECT_EQ(queue.Take(0), 1U);
}

TEST(LiveQueueTest, TimeNeverGoesBack) {
  LiveQueue queue;
  queue.Add(50 * kSecond);
  queue.Add(55 * kSecond);
  EXPECT_EQ(queue.Take(0), 0U);
  queue.ReturnActive(0, kBeginningOfTime);
  EXPECT_EQ(queue.Take(0), 0U);
  EXPECT_EQ(queue.Take(0), 1U);
}

}  // namespace
}  // namespace hark::pipeline
