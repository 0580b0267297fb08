#pragma once

#include <string>

#include "absl/status/statusor.h"

#include "hark/event.h"

namespace hark::cli {

// The value of --lateness. InvalidArgument names the flag and what is wrong.
absl::StatusOr<Micros> ToLateness(const std::string& text);

}  // namespace hark::cli
