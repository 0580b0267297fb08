#pragma once

#include <chrono>

#include "absl/time/time.h"

#include "hark/clock.h"

namespace hark {

// The wall clock as it was when this was made, and from then on the time that has passed: nobody
// sets it forward or back. For waiting, and for ages. Safe for concurrent use.
class SteadyClock final : public Clock {
 public:
  explicit SteadyClock(const Clock& wall = Clock::System()) : start_(wall.Now()) {}

  absl::Time Now() const override {
    return start_ + absl::FromChrono(std::chrono::steady_clock::now() - steady_start_);
  }

 private:
  const absl::Time start_;
  const std::chrono::steady_clock::time_point steady_start_ = std::chrono::steady_clock::now();
};

}  // namespace hark
