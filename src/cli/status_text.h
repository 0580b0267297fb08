#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace hark::cli {

// The document of GET /api/v1/status as a person reads it. Unavailable if it is none that this hark
// understands.
absl::StatusOr<std::string> FormatStatus(std::string_view document);

}  // namespace hark::cli
