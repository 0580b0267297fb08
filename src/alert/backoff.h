#pragma once

#include <cstdint>
#include <random>

#include "absl/time/time.h"

namespace hark::alert {

// How long to wait after a failure: exponential with full jitter, so that senders which failed
// together do not come back together. After k failures in a row the wait is anything from zero to
// base * 2^(k-1), at most `limit`. Immutable.
struct Backoff {
  absl::Duration base = absl::Seconds(1);
  absl::Duration limit = absl::Minutes(1);

  // The most that Wait returns. REQUIRES: failures > 0.
  absl::Duration Ceiling(std::uint32_t failures) const;
  absl::Duration Wait(std::uint32_t failures, std::mt19937_64& random) const;
};

}  // namespace hark::alert
