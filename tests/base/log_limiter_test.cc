#include "base/log_limiter.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hark {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

const absl::Time kStart = absl::FromUnixSeconds(1'000'000);

TEST(LogLimiterTest, AdmitsOneInAnInterval) {
  LogLimiter limiter(absl::Seconds(10));
  EXPECT_TRUE(limiter.Admit("k", kStart).write);
  EXPECT_FALSE(limiter.Admit("k", kStart + absl::Seconds(9)).write);
  const LogLimiter::Decision next = limiter.Admit("k", kStart + absl::Seconds(10));
  EXPECT_TRUE(next.write);
  EXPECT_EQ(next.suppressed, 1U);
  EXPECT_FALSE(limiter.Admit("k", kStart + absl::Seconds(19)).write);
}

TEST(LogLimiterTest, DoesNotFallSilentWhenTheClockJumpsBack) {
  LogLimiter limiter(absl::Seconds(10));
  EXPECT_TRUE(limiter.Admit("k", kStart).write);
  EXPECT_TRUE(limiter.Admit("k", kStart - absl::Hours(5)).write);
}

TEST(LogLimiterTest, SharesOnePlaceAmongKindsThatDoNotFit) {
  LogLimiter limiter(absl::Seconds(10));
  for (std::size_t i = 0; i < LogLimiter::kMaxKinds; ++i) {
    EXPECT_TRUE(limiter.Admit("k" + std::to_string(i), kStart).write);
  }
  EXPECT_TRUE(limiter.Admit("one", kStart).write);
  EXPECT_FALSE(limiter.Admit("another", kStart).write);
  EXPECT_FALSE(limiter.Admit("k0", kStart).write);
}

TEST(LogLimiterTest, ForgetsWhatItHasReportedAndWhatWasSilent) {
  LogLimiter limiter(absl::Seconds(10));
  limiter.Admit("quiet", kStart);
  limiter.Admit("noisy", kStart);
  limiter.Admit("noisy", kStart);
  EXPECT_THAT(limiter.Take(kStart), IsEmpty());
  const auto held = limiter.Take(kStart + absl::Seconds(10));
  ASSERT_THAT(held, SizeIs(1));
  EXPECT_EQ(held[0].kind, "noisy");
  EXPECT_EQ(held[0].suppressed, 1U);
  EXPECT_THAT(limiter.Take(kStart + absl::Seconds(20)), IsEmpty());
}

}  // namespace
}  // namespace hark
