#include "pipeline/time_bound.h"

#include "base/rfc3339.h"

namespace hark::pipeline {

std::optional<TimeBound> ParseTimeBound(std::string_view text) {
  if (text.starts_with('-')) {
    const std::optional<Micros> duration = ParseDuration(text.substr(1));
    if (!duration.has_value() || *duration < 0) {
      return std::nullopt;
    }
    return TimeBound{.relative = true, .value = -*duration};
  }
  const std::optional<Micros> time = ParseRfc3339(text);
  if (!time.has_value()) {
    return std::nullopt;
  }
  return TimeBound{.relative = false, .value = *time};
}

}  // namespace hark::pipeline
