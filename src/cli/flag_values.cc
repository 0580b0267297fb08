#include "cli/flag_values.h"

#include <optional>

#include "base/rfc3339.h"
#include "base/status_macros.h"

namespace hark::cli {

absl::StatusOr<Micros> ToLateness(const std::string& text) {
  const std::optional<Micros> lateness = ParseDuration(text);
  if (!lateness.has_value() || *lateness < 0) {
    return InvalidArgument("--lateness: \"%s\" is no duration: expected 60s or 5m", text);
  }
  return *lateness;
}

}  // namespace hark::cli
