#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "base/rfc3339.h"

namespace hark {
namespace {

using ::testing::Optional;

constexpr Micros kSecond = 1'000'000;
constexpr Micros kMinute = 60 * kSecond;
constexpr Micros kHour = 60 * kMinute;
constexpr Micros kDay = 24 * kHour;

TEST(DurationTest, FormatsTheLargestUnitsThatFit) {
  EXPECT_EQ(FormatDuration(5 * kMinute), "5m");
  EXPECT_EQ(FormatDuration(90 * kMinute), "1h30m");
  EXPECT_EQ(FormatDuration(7 * kDay), "7d");
  EXPECT_EQ(FormatDuration(250'000), "250ms");
  EXPECT_EQ(FormatDuration(36 * kHour + 1), "1d12h1us");
}

TEST(DurationTest, FormatsLessThanTwoMinutesInSeconds) {
  EXPECT_EQ(FormatDuration(60 * kSecond), "1m");
  EXPECT_EQ(FormatDuration(90 * kSecond), "90s");
  EXPECT_EQ(FormatDuration(120 * kSecond), "2m");
  EXPECT_EQ(FormatDuration(150 * kSecond), "2m30s");
}

TEST(DurationTest, FormatsZeroAndNegativeDurations) {
  EXPECT_EQ(FormatDuration(0), "0s");
  EXPECT_EQ(FormatDuration(-2 * kHour), "-2h");
  EXPECT_EQ(FormatDuration(-90 * kSecond), "-90s");
}

TEST(DurationTest, ParsesSumsOfUnits) {
  EXPECT_THAT(ParseDuration("1w2d3h4m5s6ms7us"),
              Optional(9 * kDay + 3 * kHour + 4 * kMinute + 5 * kSecond + 6'007));
}

TEST(DurationTest, RandomDurationsComeBack) {
  std::mt19937_64 random(9);
  for (int i = 0; i < 20'000; ++i) {
    const auto duration = static_cast<Micros>(random()) >> (random() % 64);
    ASSERT_EQ(ParseDuration(FormatDuration(duration)), duration);
  }
  for (const Micros extreme :
       {std::numeric_limits<Micros>::min(), std::numeric_limits<Micros>::max()}) {
    EXPECT_EQ(ParseDuration(FormatDuration(extreme)), extreme);
  }
}

class BadDurationTest : public ::testing::TestWithParam<std::string_view> {};

TEST_P(BadDurationTest, IsRefused) {
  EXPECT_EQ(ParseDuration(GetParam()), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Duration, BadDurationTest,
                         ::testing::Values("", "-", "5", "m", "5 m", "5m ", " 5m", "+5m", "--5m",
                                           "5x", "5M", "5y", "1.5h", "5m5m", "5s5m", "5m-5s",
                                           "99999999999999999999d", "9223372036854775808us",
                                           "-9223372036854775809us", "106751992d"));

}  // namespace
}  // namespace hark
