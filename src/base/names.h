#pragma once

#include <optional>
#include <string_view>

#include "hark/alert.h"

namespace hark {

// The inverse of SeverityName; nullopt for anything else, also in another case.
std::optional<Severity> ParseSeverity(std::string_view name);

}  // namespace hark
