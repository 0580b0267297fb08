#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hark::rules {

// A decimal number as JSON writes it, leading zeros allowed: "517", "-0.5", "1e3". nullopt for
// anything else, "inf", "0x10" and numbers out of range included. Allocates nothing.
std::optional<double> ParseNumber(std::string_view text);

// The same, but only up to 15 digits, which a double tells apart from all others: beyond them
// two different numbers could seem equal.
std::optional<double> ParseExactNumber(std::string_view text);

// The shortest decimal that reads back as the same number; the same on every machine.
std::string FormatNumber(double number);

}  // namespace hark::rules
