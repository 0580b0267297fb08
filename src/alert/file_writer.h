#pragma once

#include <cstdio>
#include <string_view>

#include "absl/status/status.h"

namespace hark::alert {

// Writes text to a file, a pipe or a terminal, and says what became of it. After the first error
// nothing more is written and every call returns that error: a torn line is never continued.
// A closed pipe is an error like a full disk, if the process ignores SIGPIPE.
//
// Not thread-safe. The file must outlive the writer and is not closed by it.
class FileWriter {
 public:
  explicit FileWriter(std::FILE* file) : file_(file) {}

  absl::Status Write(std::string_view text);
  absl::Status Flush();

 private:
  absl::Status Fail(int error);

  std::FILE* file_;
  absl::Status first_error_;
};

}  // namespace hark::alert
