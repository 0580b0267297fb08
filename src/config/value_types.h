#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "config/value.h"

namespace hark::config {

// Names for the types of settings, as the schemas use them.

inline ValueType Of(ValueKind kind) {
  return {.kind = kind};
}

inline ValueType OrEmpty(ValueKind kind) {
  return {.kind = kind, .may_be_empty = true};
}

inline ValueType Between(ValueKind kind, std::int64_t min, std::int64_t max) {
  return {.kind = kind, .min = min, .max = max};
}

inline ValueType OneOf(std::span<const std::string_view> choices) {
  return {.kind = ValueKind::kChoice, .choices = choices};
}

// In the order of the enum.
inline constexpr std::array<std::string_view, 5> kSeverities = {"informational", "low", "medium",
                                                                "high", "critical"};

}  // namespace hark::config
