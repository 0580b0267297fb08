#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace hark {

// The text of a file that holds a secret, without white space around it. Of at most 64 KiB and not
// empty, else InvalidArgument; no message holds any of it.
absl::StatusOr<std::string> ReadSecretFile(const std::string& path);

}  // namespace hark
