#include "rules/number.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

namespace hark::rules {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

std::optional<double> ParseNumber(std::string_view text) {
  // from_chars also reads "inf" and "nan", which no number of a rule or an event is.
  const std::string_view unsigned_text = text.substr(text.starts_with('-') ? 1 : 0);
  if (unsigned_text.empty() || !IsDigit(unsigned_text.front()) || text.back() == '.') {
    return std::nullopt;
  }
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) {
    return std::nullopt;
  }
  return number;
}

std::optional<double> ParseExactNumber(std::string_view text) {
  constexpr std::ptrdiff_t kExactDigits = 15;
  if (std::count_if(text.begin(), text.end(), IsDigit) > kExactDigits) {
    return std::nullopt;
  }
  return ParseNumber(text);
}

std::string FormatNumber(double number) {
  std::array<char, 32> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  return error == std::errc() ? std::string(buffer.data(), end) : std::string();
}

}  // namespace hark::rules
