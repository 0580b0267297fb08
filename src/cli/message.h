#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace hark::cli {

// One line on standard error: "hark: MESSAGE", escaped for a terminal.
void PrintError(std::string_view message);
void PrintError(const absl::Status& status);
// "hark: warning: MESSAGE".
void PrintWarning(std::string_view message);

// Text on standard output, as it is. Errors of it are ignored: what matters is written by an
// Output, which reports them.
void Print(std::string_view text);

}  // namespace hark::cli
