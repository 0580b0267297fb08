#pragma once

#include <cstddef>
#include <filesystem>
#include <iterator>

namespace hark::testing {

// How many files this process has open.
inline std::size_t OpenDescriptors() {
  const std::filesystem::directory_iterator open("/proc/self/fd");
  // One of them is the iterator's own.
  return static_cast<std::size_t>(std::distance(begin(open), end(open))) - 1;
}

}  // namespace hark::testing
