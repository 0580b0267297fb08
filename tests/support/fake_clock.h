#pragma once

#include <atomic>
#include <cstdint>

#include "absl/time/time.h"

#include "hark/clock.h"

namespace hark::testing {

// A clock that stands until it is moved. Begins at 2026-11-23T18:04:22Z.
class FakeClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::FromUnixMicros(micros_); }
  void Advance(absl::Duration by) { micros_ += absl::ToInt64Microseconds(by); }

 private:
  std::atomic<std::int64_t> micros_{1'795'457'062'000'000};
};

}  // namespace hark::testing
