#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace hark::testing {

// How many random cases a property test tries: the environment variable HARK_CASES, or 10,000.
// A test whose cases take `weight` times as long tries so much fewer.
inline std::uint64_t CaseCount(std::uint64_t weight = 1) {
  constexpr std::uint64_t kDefaultCases = 10'000;
  // Nothing in a test changes the environment.
  const char* const wish = std::getenv("HARK_CASES");  // NOLINT(concurrency-mt-unsafe)
  const std::uint64_t cases = wish == nullptr ? 0 : std::strtoull(wish, nullptr, 10);
  return std::max<std::uint64_t>((cases == 0 ? kDefaultCases : cases) / weight, 1);
}

}  // namespace hark::testing
