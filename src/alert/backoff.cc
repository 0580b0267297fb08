#include "alert/backoff.h"

#include <algorithm>

namespace hark::alert {

absl::Duration Backoff::Ceiling(std::uint32_t failures) const {
  constexpr std::uint32_t kMaxDoublings = 40;  // more than any limit; shifts no bit out
  const std::uint32_t doublings = std::min(failures - 1, kMaxDoublings);
  return std::min(limit, base * (std::int64_t{1} << doublings));
}

absl::Duration Backoff::Wait(std::uint32_t failures, std::mt19937_64& random) const {
  std::uniform_int_distribution<std::int64_t> anything(
      0, absl::ToInt64Microseconds(Ceiling(failures)));
  return absl::Microseconds(anything(random));
}

}  // namespace hark::alert
