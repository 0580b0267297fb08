#pragma once

#include <algorithm>
#include <chrono>

#include "absl/time/time.h"

#include "hark/clock.h"
#include "hark/event.h"

namespace hark::pipeline {

// When a daemon receives something: the wall clock at the start of the process plus the time that
// has passed since, never below `floor` (the highest event time in the fact log then). So neither a
// wall clock that jumps, nor one that was wrong before the start, changes what is taken for idle,
// silent or of the future. Immutable, so thread-safe.
class RunClock {
 public:
  RunClock(const Clock& wall, Micros floor)
      : start_(std::max(absl::ToUnixMicros(wall.Now()), floor)),
        steady_start_(std::chrono::steady_clock::now()) {}

  Micros Now() const {
    return start_ + std::chrono::duration_cast<std::chrono::microseconds>(
                        std::chrono::steady_clock::now() - steady_start_)
                        .count();
  }

 private:
  const Micros start_;
  const std::chrono::steady_clock::time_point steady_start_;
};

}  // namespace hark::pipeline
