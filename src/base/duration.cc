#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <system_error>

#include "absl/strings/str_format.h"

#include "base/rfc3339.h"

namespace hark {
namespace {

struct DurationUnit {
  std::string_view name;
  std::uint64_t micros;
};

constexpr std::uint64_t kSecond = 1'000'000;
constexpr std::uint64_t kMinute = 60 * kSecond;
constexpr std::uint64_t kHour = 60 * kMinute;
constexpr std::uint64_t kDay = 24 * kHour;
constexpr DurationUnit kWeek = {"w", 7 * kDay};
// In the order in which a duration names them. Weeks are read and never printed.
constexpr std::array<DurationUnit, 6> kUnits = {
    {{"d", kDay}, {"h", kHour}, {"m", kMinute}, {"s", kSecond}, {"ms", 1'000}, {"us", 1}}};

constexpr std::uint64_t kMaxMagnitude = std::numeric_limits<Micros>::max();

// Reads "90s": the number goes to `number`, the unit's name to `name`.
bool TakeTerm(std::string_view& text, std::uint64_t& number, std::string_view& name) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) {
    return false;
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  const std::size_t size = std::min(text.find_first_of("0123456789"), text.size());
  name = text.substr(0, size);
  text.remove_prefix(size);
  return true;
}

const DurationUnit* FindUnit(std::string_view name) {
  if (name == kWeek.name) {
    return &kWeek;
  }
  for (const DurationUnit& unit : kUnits) {
    if (name == unit.name) {
      return &unit;
    }
  }
  return nullptr;
}

}  // namespace

std::string FormatDuration(Micros duration) {
  const auto bits = static_cast<std::uint64_t>(duration);
  std::uint64_t rest = duration < 0 ? 0 - bits : bits;
  if (rest == 0) {
    return "0s";
  }
  const bool in_seconds = rest < 2 * kMinute && rest % kMinute != 0;
  std::string text = duration < 0 ? "-" : "";
  for (const DurationUnit& unit : kUnits) {
    if (rest < unit.micros || (in_seconds && unit.micros == kMinute)) {
      continue;
    }
    absl::StrAppendFormat(&text, "%d%s", rest / unit.micros, unit.name);
    rest %= unit.micros;
  }
  return text;
}

std::optional<Micros> ParseDuration(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) {
    text.remove_prefix(1);
  }
  if (text.empty()) {
    return std::nullopt;
  }
  // INT64_MIN has a magnitude of its own, which FormatDuration prints.
  const std::uint64_t limit = negative ? kMaxMagnitude + 1 : kMaxMagnitude;
  std::uint64_t total = 0;
  std::uint64_t previous_unit = std::numeric_limits<std::uint64_t>::max();
  while (!text.empty()) {
    std::uint64_t number = 0;
    std::string_view name;
    if (!TakeTerm(text, number, name)) {
      return std::nullopt;
    }
    const DurationUnit* const unit = FindUnit(name);
    if (unit == nullptr || unit->micros >= previous_unit ||
        number > (limit - total) / unit->micros) {
      return std::nullopt;
    }
    total += number * unit->micros;
    previous_unit = unit->micros;
  }
  return static_cast<Micros>(negative ? 0 - total : total);
}

}  // namespace hark
