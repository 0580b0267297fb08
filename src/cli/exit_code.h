#pragma once

#include <algorithm>

namespace hark::cli {

// What the program tells the shell. The worst of several wins: the higher one.
enum class ExitCode : int {
  kDone = 0,
  kFindings = 1,  // --fail-on, a failed test
  kUsage = 2,
  kConfiguration = 3,  // bad settings or rules
  kInputOutput = 4,    // a named input that cannot be read, an output that cannot be written
  kInterrupted = 130,
};

inline ExitCode Worst(ExitCode a, ExitCode b) {
  return std::max(a, b);
}

}  // namespace hark::cli
