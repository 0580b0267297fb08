#include "alert/backoff.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hark::alert {
namespace {

constexpr Backoff kBackoff = {.base = absl::Seconds(1), .limit = absl::Minutes(1)};

TEST(BackoffTest, TheCeilingDoublesWithEachFailureUpToTheLimit) {
  EXPECT_EQ(kBackoff.Ceiling(1), absl::Seconds(1));
  EXPECT_EQ(kBackoff.Ceiling(2), absl::Seconds(2));
  EXPECT_EQ(kBackoff.Ceiling(6), absl::Seconds(32));
  EXPECT_EQ(kBackoff.Ceiling(7), absl::Minutes(1));
  EXPECT_EQ(kBackoff.Ceiling(UINT32_MAX), absl::Minutes(1));
}

TEST(BackoffTest, TheWaitIsAnythingUpToTheCeiling) {
  std::mt19937_64 random(7);
  absl::Duration least = absl::InfiniteDuration();
  absl::Duration most = absl::ZeroDuration();
  for (int i = 0; i < 10'000; ++i) {
    const absl::Duration wait = kBackoff.Wait(3, random);
    ASSERT_LE(wait, absl::Seconds(4));
    least = std::min(least, wait);
    most = std::max(most, wait);
  }
  EXPECT_LT(least, absl::Milliseconds(40));
  EXPECT_GT(most, absl::Milliseconds(3'960));
}

}  // namespace
}  // namespace hark::alert
