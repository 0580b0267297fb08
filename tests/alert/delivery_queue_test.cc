#include "alert/delivery_queue.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/revision_builder.h"

namespace hark::alert {
namespace {

using ::hark::testing::MakeTestRevision;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr Destination::Traits kByAlert = {};
constexpr Destination::Traits kTotalOrder = {.keeps_total_order = true, .max_batch = 3};
const absl::Time kNow = absl::FromUnixSeconds(1'000'000);

class DeliveryQueueTest : public ::testing::Test {
 protected:
  void Add(DeliveryQueue& queue, std::uint64_t alert, std::uint32_t n = 1) {
    queue.Add({.sequence = ++sequence_, .revision = MakeTestRevision(alert, n)});
  }
  static std::vector<std::int64_t> SequencesOf(const DeliveryQueue::Batch& batch) {
    std::vector<std::int64_t> sequences;
    for (const DeliveryQueue::Item* const item : batch) {
      sequences.push_back(item->stored.sequence);
    }
    return sequences;
  }

  std::int64_t sequence_ = 10;
};

TEST_F(DeliveryQueueTest, ARevisionWaitsForTheEarlierOnesOfItsAlertOnly) {
  DeliveryQueue queue(kByAlert, 10);
  Add(queue, 1, 1);
  Add(queue, 1, 2);
  Add(queue, 2, 1);
  const DeliveryQueue::Batch first = queue.Take(kNow);
  EXPECT_THAT(SequencesOf(first), ElementsAre(11));
  EXPECT_THAT(SequencesOf(queue.Take(kNow)), ElementsAre(13));
  EXPECT_THAT(queue.Take(kNow), IsEmpty());
  queue.Finish(first);
  EXPECT_THAT(SequencesOf(queue.Take(kNow)), ElementsAre(12));
}

TEST_F(DeliveryQueueTest, TheCursorStandsBeforeTheOldestThatIsNotDone) {
  DeliveryQueue queue(kByAlert, 10);
  EXPECT_EQ(queue.cursor(), 10);
  Add(queue, 1);
  Add(queue, 2);
  const DeliveryQueue::Batch first = queue.Take(kNow);
  const DeliveryQueue::Batch second = queue.Take(kNow);
  queue.Finish(second);
  EXPECT_EQ(queue.cursor(), 10);
  queue.Finish(first);
  EXPECT_EQ(queue.cursor(), 12);
  queue.Skip(15);
  EXPECT_EQ(queue.cursor(), 15);
}

TEST_F(DeliveryQueueTest, WhatFailedIsTriedWhenItIsDueAndOthersMeanwhile) {
  DeliveryQueue queue(kByAlert, 10);
  Add(queue, 1);
  queue.Retry(queue.Take(kNow), kNow + absl::Seconds(5));
  EXPECT_THAT(queue.Take(kNow + absl::Seconds(4)), IsEmpty());
  EXPECT_EQ(queue.NextDue(), kNow + absl::Seconds(5));
  Add(queue, 2);
  EXPECT_THAT(SequencesOf(queue.Take(kNow + absl::Seconds(4))), ElementsAre(12));
  EXPECT_THAT(SequencesOf(queue.Take(kNow + absl::Seconds(5))), ElementsAre(11));
}

TEST_F(DeliveryQueueTest, ABatchHoldsWhatComesNextInTheTotalOrder) {
  DeliveryQueue queue(kTotalOrder, 10);
  for (std::uint64_t alert = 1; alert <= 4; ++alert) {
    Add(queue, alert);
  }
  const DeliveryQueue::Batch first = queue.Take(kNow);
  EXPECT_THAT(SequencesOf(first), ElementsAre(11, 12, 13));
  EXPECT_THAT(queue.Take(kNow), IsEmpty());
  queue.Finish(first);
  EXPECT_THAT(SequencesOf(queue.Take(kNow)), ElementsAre(14));
}

TEST_F(DeliveryQueueTest, ASplitBatchIsTriedOneByOne) {
  DeliveryQueue queue(kTotalOrder, 10);
  for (std::uint64_t alert = 1; alert <= 4; ++alert) {
    Add(queue, alert);
  }
  queue.Split(queue.Take(kNow));
  for (const std::int64_t sequence : {11, 12, 13, 14}) {
    const DeliveryQueue::Batch batch = queue.Take(kNow);
    EXPECT_THAT(SequencesOf(batch), ElementsAre(sequence));
    queue.Finish(batch);
  }
}

TEST_F(DeliveryQueueTest, ADeadLetterIsCertainOnceTheCursorHasPassedIt) {
  DeliveryQueue queue(kByAlert, 10);
  Add(queue, 1);
  Add(queue, 2);
  const DeliveryQueue::Batch first = queue.Take(kNow);
  const DeliveryQueue::Batch second = queue.Take(kNow);
  queue.Bury(*second.front(), DeadLetter());
  EXPECT_THAT(queue.Letters(), IsEmpty());
  queue.Finish(first);
  EXPECT_THAT(queue.Letters(), SizeIs(1));
  EXPECT_EQ(queue.size(), 1U);
  queue.DropLetters(queue.cursor());
  EXPECT_THAT(queue.Letters(), IsEmpty());
  EXPECT_EQ(queue.size(), 0U);
  EXPECT_EQ(queue.bytes(), 0U);
}

TEST_F(DeliveryQueueTest, ADeadLetterThatIsTriedAgainKeepsItsLaneAndNotTheCursor) {
  DeliveryQueue queue(kByAlert, 10);
  DeadLetter letter;
  letter.number = 3;
  letter.id = hark::testing::AlertId(1);
  letter.n = 1;
  EXPECT_TRUE(queue.AddLetter(letter));
  EXPECT_FALSE(queue.AddLetter(letter));
  Add(queue, 1, 2);
  EXPECT_EQ(queue.cursor(), 10);
  EXPECT_EQ(queue.waiting(), 1U);
  EXPECT_FALSE(queue.MayBury(*queue.Oldest()));
  const DeliveryQueue::Batch first = queue.Take(kNow);
  ASSERT_THAT(first, SizeIs(1));
  EXPECT_EQ(first.front()->letter, 3);
  queue.Finish(first);
  EXPECT_TRUE(queue.MayBury(*queue.Oldest()));
  EXPECT_THAT(SequencesOf(queue.Take(kNow)), ElementsAre(11));
  EXPECT_TRUE(queue.AddLetter(letter));
}

TEST_F(DeliveryQueueTest, TheNextOfAnAlertIsTriedOnceTheOneBeforeItIsBuried) {
  DeliveryQueue queue(kByAlert, 10);
  Add(queue, 1, 1);
  Add(queue, 1, 2);
  queue.Bury(*queue.Oldest(), DeadLetter());
  EXPECT_THAT(SequencesOf(queue.Take(kNow)), ElementsAre(12));
}

}  // namespace
}  // namespace hark::alert
