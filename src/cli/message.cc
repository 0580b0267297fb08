#include "cli/message.h"

#include <cstdio>
#include <string>

#include "absl/strings/str_format.h"

#include "base/text.h"

namespace hark::cli {

void PrintError(std::string_view message) {
  absl::FPrintF(stderr, "hark: %s\n", EscapeForTerminal(message));
}

void PrintError(const absl::Status& status) {
  PrintError(std::string(status.message()));
}

void PrintWarning(std::string_view message) {
  absl::FPrintF(stderr, "hark: warning: %s\n", EscapeForTerminal(message));
}

void Print(std::string_view text) {
  absl::FPrintF(stdout, "%s", text);
}

}  // namespace hark::cli
