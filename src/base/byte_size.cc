#include "base/byte_size.h"

#include <array>
#include <charconv>
#include <limits>
#include <system_error>

#include "absl/strings/str_format.h"

namespace hark {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t bytes;
};

// The largest first.
constexpr std::array<Unit, 5> kBinaryUnits = {{{"TiB", std::int64_t{1} << 40},
                                               {"GiB", std::int64_t{1} << 30},
                                               {"MiB", std::int64_t{1} << 20},
                                               {"KiB", std::int64_t{1} << 10},
                                               {"B", 1}}};
constexpr std::array<Unit, 5> kDecimalUnits = {
    {{"TB", 1'000'000'000'000}, {"GB", 1'000'000'000}, {"MB", 1'000'000}, {"KB", 1'000}, {"", 1}}};

std::optional<std::int64_t> BytesOf(std::string_view unit) {
  for (const auto& units : {kBinaryUnits, kDecimalUnits}) {
    for (const Unit& candidate : units) {
      if (candidate.name == unit) {
        return candidate.bytes;
      }
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> ParseByteSize(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0) {
    return std::nullopt;
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  const std::optional<std::int64_t> unit = BytesOf(text);
  if (!unit.has_value() || number > std::numeric_limits<std::int64_t>::max() / *unit) {
    return std::nullopt;
  }
  return number * *unit;
}

std::string FormatByteSize(std::int64_t bytes) {
  for (const Unit& unit : kBinaryUnits) {
    if (bytes >= unit.bytes && bytes % unit.bytes == 0) {
      return absl::StrFormat("%d%s", bytes / unit.bytes, unit.name);
    }
  }
  return "0B";
}

}  // namespace hark
