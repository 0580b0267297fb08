#pragma once

#include <cstddef>
#include <string>

namespace hark::parse {

// A buffer that has grown larger for one record is not kept for the next ones.
constexpr std::size_t kKeptBytes = std::size_t{4} << 20;

// Gives the buffer back, with what it holds, if it is larger than that.
inline void ShrinkBuffer(std::string& buffer) {
  if (buffer.capacity() > kKeptBytes) {
    std::string().swap(buffer);  // an assignment would keep what it has
  }
}

}  // namespace hark::parse
