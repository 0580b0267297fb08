#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace hark::cli {
namespace {

constexpr int kDefaultColumns = 120;

std::string_view Environment(const char* name) {
  // Nothing changes the environment, and it is read before there are threads.
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? std::string_view() : std::string_view(value);
}

}  // namespace

bool IsTerminal(std::FILE* file) {
  return isatty(fileno(file)) == 1;
}

bool WantsColor(std::FILE* file) {
  return IsTerminal(file) && Environment("NO_COLOR").empty() && Environment("TERM") != "dumb";
}

int TerminalColumns(std::FILE* file) {
  winsize size{};
  if (!IsTerminal(file) || ioctl(fileno(file), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
    return kDefaultColumns;
  }
  return size.ws_col;
}

}  // namespace hark::cli
