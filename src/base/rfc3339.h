#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "hark/event.h"

namespace hark {

// Parses "2026-11-23T18:04:22.921545Z" and the same with fewer or more digits of a second (more
// than six are cut), a space or a lower-case t or z, and "+01:00" in place of Z. nullopt
// otherwise, also for dates that do not exist, leap seconds and years outside 1 to 9999 (as
// written and in UTC). Allocates nothing.
std::optional<Micros> ParseRfc3339(std::string_view text);

// ParseRfc3339 for a stream of times that are close to each other: the calendar of a second is
// worked out once. Same results. Not thread-safe.
class Rfc3339Parser {
 public:
  std::optional<Micros> Parse(std::string_view text);

 private:
  static constexpr std::size_t kSecondSize = 20;  // "2026-11-23T18:04:22."
  char second_[kSecondSize] = {};
  Micros second_start_ = 0;
};

// "2026-11-23T18:04:22.921545Z": always six digits, always Z. Times outside the years 1 to 9999
// become the nearest one within.
std::string FormatRfc3339(Micros time);

// "5m", "1h30m", "90s", "250ms", "7d": for people. From two minutes on a duration is split, below
// it seconds are not: "90s" but "2m30s". Parses what it prints.
std::string FormatDuration(Micros duration);
// Numbers with a unit each (w, d, h, m, s, ms, us), the larger units first and each at most once,
// with an optional "-" before them. nullopt for anything else, and for more than Micros can hold.
std::optional<Micros> ParseDuration(std::string_view text);

}  // namespace hark
