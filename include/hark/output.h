#pragma once

#include "absl/status/status.h"

#include "hark/alert.h"

namespace hark {

// A place that alert revisions go to. Not thread-safe.
class Output {
 public:
  virtual ~Output() = default;

  // Writes one revision. An error is about the destination (a full disk, a closed pipe).
  virtual absl::Status Write(const Alert& alert) = 0;

  // Writes what is buffered.
  virtual absl::Status Flush() = 0;
};

}  // namespace hark
