#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

namespace hark::alert {

// How many bytes wait in the store behind what an output has read, without reading them. Rows are
// counted in groups, so that a million take some kilobytes; where the boundary falls into a group
// its bytes count. Not thread-safe.
class Backlog {
 public:
  // The next row. REQUIRES: they come in order.
  void Add(std::int64_t sequence, std::uint64_t bytes);
  // All up to it have been read by the output.
  void DropUpTo(std::int64_t sequence);

  std::uint64_t bytes() const { return bytes_; }
  // Of the last row that was added or dropped.
  std::int64_t last() const { return last_; }

 private:
  static constexpr std::size_t kRowsAGroup = 256;
  struct Group {
    std::int64_t last = 0;
    std::size_t rows = 0;
    std::uint64_t bytes = 0;
  };

  std::deque<Group> groups_;
  std::uint64_t bytes_ = 0;
  std::int64_t last_ = 0;
};

}  // namespace hark::alert
