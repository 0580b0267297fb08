#include "base/rfc3339.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hark {
namespace {

using ::testing::Optional;

constexpr Micros kFirst = -62'135'596'800'000'000;  // 0001-01-01T00:00:00Z
constexpr Micros kLast = 253'402'300'799'999'999;   // 9999-12-31T23:59:59.999999Z

TEST(Rfc3339Test, ParsesMicroseconds) {
  EXPECT_THAT(ParseRfc3339("1970-01-01T00:00:00.000001Z"), Optional(1));
  EXPECT_THAT(ParseRfc3339("2026-11-23T18:04:22.921545Z"), Optional(1'795'457'062'921'545));
}

TEST(Rfc3339Test, ParsesFewerDigitsOfASecond) {
  EXPECT_THAT(ParseRfc3339("1970-01-01T00:00:01Z"), Optional(1'000'000));
  EXPECT_THAT(ParseRfc3339("1970-01-01T00:00:01.5Z"), Optional(1'500'000));
}

TEST(Rfc3339Test, CutsMoreThanSixDigitsOfASecond) {
  EXPECT_THAT(ParseRfc3339("1970-01-01T00:00:01.123456999Z"), Optional(1'123'456));
  EXPECT_THAT(ParseRfc3339("1969-12-31T23:59:59.9999999999999999999999Z"), Optional(-1));
}

TEST(Rfc3339Test, ParsesOffsets) {
  EXPECT_EQ(ParseRfc3339("2026-11-23T19:04:22+01:00"), ParseRfc3339("2026-11-23T18:04:22Z"));
  EXPECT_EQ(ParseRfc3339("2026-11-23T12:34:22-05:30"), ParseRfc3339("2026-11-23T18:04:22Z"));
}

TEST(Rfc3339Test, ParsesASpaceAndLowerCaseLetters) {
  EXPECT_EQ(ParseRfc3339("2026-11-23 18:04:22Z"), ParseRfc3339("2026-11-23T18:04:22Z"));
  EXPECT_EQ(ParseRfc3339("2026-11-23t18:04:22z"), ParseRfc3339("2026-11-23T18:04:22Z"));
}

TEST(Rfc3339Test, KnowsLeapYears) {
  EXPECT_NE(ParseRfc3339("2024-02-29T00:00:00Z"), std::nullopt);
  EXPECT_NE(ParseRfc3339("2000-02-29T00:00:00Z"), std::nullopt);
  EXPECT_EQ(ParseRfc3339("2023-02-29T00:00:00Z"), std::nullopt);
  EXPECT_EQ(ParseRfc3339("1900-02-29T00:00:00Z"), std::nullopt);
}

class BadTimeTest : public ::testing::TestWithParam<std::string_view> {};

TEST_P(BadTimeTest, IsRefused) {
  EXPECT_EQ(ParseRfc3339(GetParam()), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(
    Rfc3339, BadTimeTest,
    ::testing::Values("", "Z", "2026-11-23", "2026-11-23T18:04:22", "2026-11-23T18:04Z",
                      "2026-11-23T18:04:22.Z", "2026-11-23T18:04:22,5Z", "2026-11-23T18:04:22.5",
                      "2026-11-23T18:04:22Z ", " 2026-11-23T18:04:22Z", "2026-11-23T18:04:22ZZ",
                      "2026/11/23T18:04:22Z", "2026-11-23T18-04-22Z", "2026-11-23_18:04:22Z",
                      "2026-00-23T18:04:22Z", "2026-13-23T18:04:22Z", "2026-11-00T18:04:22Z",
                      "2026-11-31T18:04:22Z", "2026-11-23T24:00:00Z", "2026-11-23T18:60:22Z",
                      "2026-11-23T18:04:60Z", "2026-11-23T18:04:22+0100",
                      "2026-11-23T18:04:22+24:00", "2026-11-23T18:04:22+01:60",
                      "2026-11-23T18:04:22+1:00", "+026-11-23T18:04:22Z", "-026-11-23T18:04:22Z",
                      "2026-1 -23T18:04:22Z", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00",
                      "9999-12-31T23:30:00-01:00", "12026-11-23T18:04:22Z"));

TEST(Rfc3339Test, FormatsSixDigitsInUtc) {
  EXPECT_EQ(FormatRfc3339(0), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(FormatRfc3339(-1), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(FormatRfc3339(1'795'457'062'921'545), "2026-11-23T18:04:22.921545Z");
}

TEST(Rfc3339Test, FormatsTheFirstAndTheLastTime) {
  EXPECT_EQ(FormatRfc3339(kFirst), "0001-01-01T00:00:00.000000Z");
  EXPECT_EQ(FormatRfc3339(kLast), "9999-12-31T23:59:59.999999Z");
}

TEST(Rfc3339Test, FormatsTimesOutsideTheRangeAsTheNearestOne) {
  EXPECT_EQ(FormatRfc3339(std::numeric_limits<Micros>::min()), FormatRfc3339(kFirst));
  EXPECT_EQ(FormatRfc3339(std::numeric_limits<Micros>::max()), FormatRfc3339(kLast));
}

TEST(Rfc3339Test, RandomTimesComeBack) {
  std::mt19937_64 random(6);
  std::uniform_int_distribution<Micros> times(kFirst, kLast);
  for (int i = 0; i < 100'000; ++i) {
    const Micros time = times(random);
    ASSERT_EQ(ParseRfc3339(FormatRfc3339(time)), time);
  }
}

TEST(Rfc3339Test, EveryDayOfFourCenturiesFollowsTheOneBefore) {
  constexpr Micros kDay = 86'400'000'000;
  std::string previous;
  for (Micros day = -200'000; day < -200'000 + 146'100; ++day) {
    const std::string text = FormatRfc3339(day * kDay);
    ASSERT_LT(previous, text);
    ASSERT_EQ(ParseRfc3339(text), day * kDay);
    previous = text;
  }
}

// absl::ParseTime is an independent oracle, also for dates that do not exist.
TEST(Rfc3339Test, AgreesWithAbseilOnRandomDates) {
  std::mt19937_64 random(7);
  const auto number = [&](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  };
  for (int i = 0; i < 100'000; ++i) {
    const std::string text = absl::StrFormat(
        "%04d-%02d-%02dT%02d:%02d:%02d.%06d%c%02d:%02d", number(2, 9998), number(0, 13),
        number(0, 32), number(0, 24), number(0, 60), number(0, 59), number(0, 999'999),
        number(0, 1) == 0 ? '+' : '-', number(0, 23), number(0, 59));
    absl::Time expected;
    std::string error;
    const bool valid = absl::ParseTime(absl::RFC3339_full, text, &expected, &error);
    const std::optional<Micros> actual = ParseRfc3339(text);
    ASSERT_EQ(actual.has_value(), valid) << text;
    if (valid) {
      ASSERT_EQ(*actual, absl::ToUnixMicros(expected)) << text;
      ASSERT_EQ(FormatRfc3339(*actual),
                absl::FormatTime("%E4Y-%m-%dT%H:%M:%E6SZ", expected, absl::UTCTimeZone()));
    }
  }
}

// One changed character either still makes a time or is refused; nothing is read beyond the end.
TEST(Rfc3339Test, DamagedTimesAreReadAsAbseilReadsThemOrRefused) {
  std::mt19937_64 random(8);
  for (int i = 0; i < 50'000; ++i) {
    std::string text = "2026-11-23T18:04:22.921545Z";
    text[random() % text.size()] = static_cast<char>(random() % 256);
    text.resize(random() % (text.size() + 1));
    const std::optional<Micros> actual = ParseRfc3339(text);
    if (actual.has_value() && text[10] == 'T' && text.back() == 'Z') {
      absl::Time expected;
      std::string error;
      ASSERT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &expected, &error)) << text;
      ASSERT_EQ(*actual, absl::ToUnixMicros(expected)) << text;
    }
  }
}

}  // namespace
}  // namespace hark
