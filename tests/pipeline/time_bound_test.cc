#include "pipeline/time_bound.h"

#include "gtest/gtest.h"

namespace hark::pipeline {
namespace {

constexpr Micros kHour = 3'600'000'000;

TEST(TimeBoundTest, ATimeIsTheSameWhateverTheLastEvent) {
  const auto bound = ParseTimeBound("1970-01-01T01:00:00Z");
  ASSERT_TRUE(bound.has_value());
  EXPECT_EQ(bound->Resolve(7), kHour);
}

TEST(TimeBoundTest, ADurationCountsBackFromTheLastEvent) {
  const auto bound = ParseTimeBound("-2h");
  ASSERT_TRUE(bound.has_value());
  EXPECT_TRUE(bound->relative);
  EXPECT_EQ(bound->Resolve(5 * kHour), 3 * kHour);
}

TEST(TimeBoundTest, AnythingElseIsRefused) {
  for (const char* text : {"", "-", "2h", "--2h", "yesterday", "2026-13-01T00:00:00Z"}) {
    EXPECT_FALSE(ParseTimeBound(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace hark::pipeline
