#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hark/event.h"

namespace hark {

// Parses "2026-11-23T18:04:22.921545Z" and the same with fewer or more digits of a second (more
// than six are cut), a space or a lower-case t, and "+01:00" in place of Z. nullopt otherwise,
// also for dates that do not exist and years outside 1 to 9999. Allocates nothing.
std::optional<Micros> ParseRfc3339(std::string_view text);

// "2026-11-23T18:04:22.921545Z": always six digits, always Z.
std::string FormatRfc3339(Micros time);

// "5m", "1h30m", "90s", "250ms", "7d": for people. Parses what it prints.
std::string FormatDuration(Micros duration);
std::optional<Micros> ParseDuration(std::string_view text);

}  // namespace hark
