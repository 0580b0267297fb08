#pragma once

#include <algorithm>
#include <ctime>

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
      : start_(std::max(absl::ToUnixMicros(wall.Now()), floor)), elapsed_start_(Elapsed()) {}

  Micros Now() const { return start_ + Elapsed() - elapsed_start_; }

 private:
  // Goes on while the machine is suspended, unlike the steady clock of the standard library.
  static Micros Elapsed() {
    timespec time{};
    clock_gettime(CLOCK_BOOTTIME, &time);
    return time.tv_sec * Micros{1'000'000} + time.tv_nsec / 1000;
  }

  const Micros start_;
  const Micros elapsed_start_;
};

}  // namespace hark::pipeline
