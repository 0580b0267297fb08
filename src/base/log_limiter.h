#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

#include "base/string_map.h"

namespace hark {

// Decides which repeated messages are written. Remembers at most kMaxKinds kinds; those that do
// not fit share one place. Not thread-safe.
class LogLimiter {
 public:
  static constexpr std::size_t kMaxKinds = 1'000;

  struct Decision {
    bool write = false;
    std::uint64_t suppressed = 0;  // held back since the last one that was written
  };
  struct Held {
    std::string kind;
    std::uint64_t suppressed = 0;
  };

  explicit LogLimiter(absl::Duration interval) : interval_(interval) {}

  // A clock that jumps back never silences a kind for longer than the interval.
  Decision Admit(std::string_view kind, absl::Time now);

  // Takes, sorted, the kinds that were held back, all or those whose interval is over by `now`,
  // and forgets these and those that were silent since.
  std::vector<Held> Take(absl::Time now);

 private:
  struct Kind {
    absl::Time written;
    std::uint64_t suppressed = 0;
  };

  bool IsOver(const Kind& kind, absl::Time now) const;

  const absl::Duration interval_;
  StringMap<Kind> kinds_;
};

}  // namespace hark
