#include "alert/backlog.h"

#include "gtest/gtest.h"

namespace hark::alert {
namespace {

TEST(BacklogTest, CountsWhatWasAddedAndNotDropped) {
  Backlog backlog;
  for (std::int64_t sequence = 1; sequence <= 1'000; ++sequence) {
    backlog.Add(sequence, 10);
  }
  EXPECT_EQ(backlog.bytes(), 10'000U);
  EXPECT_EQ(backlog.last(), 1'000);
  backlog.DropUpTo(1'000);
  EXPECT_EQ(backlog.bytes(), 0U);
}

TEST(BacklogTest, IsExactToAGroupOf256) {
  Backlog backlog;
  for (std::int64_t sequence = 1; sequence <= 1'000; ++sequence) {
    backlog.Add(sequence, 1);
  }
  backlog.DropUpTo(300);
  EXPECT_EQ(backlog.bytes(), 744U);
}

TEST(BacklogTest, WhatWasReadBeforeItWasMeasuredIsNotMeasured) {
  Backlog backlog;
  backlog.DropUpTo(500);
  EXPECT_EQ(backlog.last(), 500);
  EXPECT_EQ(backlog.bytes(), 0U);
}

}  // namespace
}  // namespace hark::alert
