#include "base/rfc3339.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/strings/str_format.h"

namespace hark {
namespace {

constexpr Micros kMicrosPerSecond = 1'000'000;
constexpr std::int64_t kSecondsPerMinute = 60;
constexpr std::int64_t kSecondsPerHour = 3600;
constexpr std::int64_t kSecondsPerDay = 86'400;

constexpr std::int64_t kDaysPerEra = 146'097;  // 400 years
constexpr std::int64_t kYearsPerEra = 400;
// From 0000-03-01, where the eras begin, to 1970-01-01.
constexpr std::int64_t kDaysToEpoch = 719'468;

struct Date {
  std::int64_t year, month, day;
};

// Years are counted from 1 March, so that the leap day is the last day of its year and the days
// before month m (0 is March) are (153 m + 2) / 5.
constexpr std::int64_t DaysSinceEpoch(Date date) {
  const std::int64_t year = date.month <= 2 ? date.year - 1 : date.year;  // >= 0
  const std::int64_t era = year / kYearsPerEra;
  const std::int64_t year_of_era = year % kYearsPerEra;
  const std::int64_t month = (date.month + 9) % 12;
  const std::int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
  const std::int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * kDaysPerEra + day_of_era - kDaysToEpoch;
}

// The inverse, for days from 0000-03-01 on.
constexpr Date DateOf(std::int64_t days_since_epoch) {
  const std::int64_t days = days_since_epoch + kDaysToEpoch;
  const std::int64_t era = days / kDaysPerEra;
  const std::int64_t day_of_era = days % kDaysPerEra;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month = (5 * day_of_year + 2) / 153;
  const std::int64_t day = day_of_year - (153 * month + 2) / 5 + 1;
  const std::int64_t calendar_month = month < 10 ? month + 3 : month - 9;
  const std::int64_t year = era * kYearsPerEra + year_of_era + (calendar_month <= 2 ? 1 : 0);
  return {.year = year, .month = calendar_month, .day = day};
}

constexpr Micros kFirst = DaysSinceEpoch({1, 1, 1}) * kSecondsPerDay * kMicrosPerSecond;
constexpr Micros kLast = DaysSinceEpoch({10'000, 1, 1}) * kSecondsPerDay * kMicrosPerSecond - 1;

constexpr bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// The number that `count` digits at `begin` make, or -1 if one of them is none.
inline std::int64_t Digits(const char* begin, std::size_t count) {
  std::int64_t value = 0;
  bool all_digits = true;  // asked once: nearly always they are
  for (std::size_t i = 0; i < count; ++i) {
    all_digits &= IsDigit(begin[i]);
    value = value * 10 + (begin[i] - '0');
  }
  return all_digits ? value : -1;
}

// std::memcmp in pieces that are compared without a call.
template <std::size_t kSize>
bool AreEqual(const char* a, const char* b) {
  static_assert(kSize >= 16 && kSize <= 24);
  return std::memcmp(a, b, 8) == 0 && std::memcmp(a + 8, b + 8, 8) == 0 &&
         std::memcmp(a + kSize - 8, b + kSize - 8, 8) == 0;
}

constexpr bool IsLeapYear(std::int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

constexpr std::int64_t DaysInMonth(std::int64_t year, std::int64_t month) {
  if (month == 2) {
    return IsLeapYear(year) ? 29 : 28;
  }
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

constexpr bool IsBetween(std::int64_t value, std::int64_t low, std::int64_t high) {
  return low <= value && value <= high;
}

// Length of "2026-11-23T18:04:22".
constexpr std::size_t kDateTimeSize = 19;

// The seconds since the epoch of "2026-11-23T18:04:22", as if it were UTC.
// REQUIRES: kDateTimeSize readable characters.
std::optional<std::int64_t> ParseDateTime(const char* text) {
  const bool separated = text[4] == '-' && text[7] == '-' &&
                         (text[10] == 'T' || text[10] == 't' || text[10] == ' ') &&
                         text[13] == ':' && text[16] == ':';
  const Date date = {
      .year = Digits(text, 4), .month = Digits(text + 5, 2), .day = Digits(text + 8, 2)};
  const std::int64_t hour = Digits(text + 11, 2);
  const std::int64_t minute = Digits(text + 14, 2);
  const std::int64_t second = Digits(text + 17, 2);
  if (!separated || date.year < 1 || !IsBetween(date.month, 1, 12) ||
      !IsBetween(date.day, 1, DaysInMonth(date.year, date.month)) || !IsBetween(hour, 0, 23) ||
      !IsBetween(minute, 0, 59) || !IsBetween(second, 0, 59)) {
    return std::nullopt;
  }
  return DaysSinceEpoch(date) * kSecondsPerDay + hour * kSecondsPerHour +
         minute * kSecondsPerMinute + second;
}

// Takes ".921545" off the text and returns its microseconds; 0 if there is no point, -1 if no
// digit follows it.
Micros TakeFraction(std::string_view& text) {
  if (text.empty() || text[0] != '.') {
    return 0;
  }
  Micros micros = 0;
  Micros unit = kMicrosPerSecond / 10;
  std::size_t i = 1;
  for (; i < text.size() && IsDigit(text[i]); ++i) {
    micros += unit * (text[i] - '0');
    unit /= 10;
  }
  text.remove_prefix(i);
  return i == 1 ? -1 : micros;
}

// The seconds that "Z" or "+01:00" is ahead of UTC.
std::optional<std::int64_t> ParseOffset(std::string_view text) {
  if (text == "Z" || text == "z") {
    return 0;
  }
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') {
    return std::nullopt;
  }
  const std::int64_t hours = Digits(text.data() + 1, 2);
  const std::int64_t minutes = Digits(text.data() + 4, 2);
  if (!IsBetween(hours, 0, 23) || !IsBetween(minutes, 0, 59)) {
    return std::nullopt;
  }
  const std::int64_t seconds = hours * kSecondsPerHour + minutes * kSecondsPerMinute;
  return text[0] == '-' ? -seconds : seconds;
}

}  // namespace

std::optional<Micros> ParseRfc3339(std::string_view text) {
  if (text.size() <= kDateTimeSize) {
    return std::nullopt;
  }
  const std::optional<std::int64_t> local = ParseDateTime(text.data());
  text.remove_prefix(kDateTimeSize);
  const Micros fraction = TakeFraction(text);
  const std::optional<std::int64_t> offset = ParseOffset(text);
  if (!local.has_value() || fraction < 0 || !offset.has_value()) {
    return std::nullopt;
  }
  const Micros time = (*local - *offset) * kMicrosPerSecond + fraction;
  if (time < kFirst || time > kLast) {
    return std::nullopt;
  }
  return time;
}

std::optional<Micros> Rfc3339Parser::Parse(std::string_view text) {
  constexpr std::size_t kDigits = 6;
  const bool usual = text.size() == kSecondSize + kDigits + 1 && text.back() == 'Z';
  if (usual && AreEqual<kSecondSize>(text.data(), second_)) {
    const std::int64_t fraction = Digits(text.data() + kSecondSize, kDigits);
    return fraction < 0 ? std::nullopt : std::optional<Micros>(second_start_ + fraction);
  }
  const std::optional<Micros> time = ParseRfc3339(text);
  if (usual && time && text[kSecondSize - 1] == '.') {
    std::memcpy(second_, text.data(), kSecondSize);
    second_start_ = *time - Digits(text.data() + kSecondSize, kDigits);
  }
  return time;
}

std::string FormatRfc3339(Micros time) {
  const Micros since_first = std::clamp(time, kFirst, kLast) - kFirst;  // not negative
  const std::int64_t seconds = since_first / kMicrosPerSecond;
  const Date date = DateOf(seconds / kSecondsPerDay + kFirst / kMicrosPerSecond / kSecondsPerDay);
  const std::int64_t second_of_day = seconds % kSecondsPerDay;
  return absl::StrFormat("%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", date.year, date.month, date.day,
                         second_of_day / kSecondsPerHour,
                         second_of_day % kSecondsPerHour / kSecondsPerMinute,
                         second_of_day % kSecondsPerMinute, since_first % kMicrosPerSecond);
}

}  // namespace hark
