#include "alert/backlog.h"

#include <algorithm>

namespace hark::alert {

void Backlog::Add(std::int64_t sequence, std::uint64_t bytes) {
  if (groups_.empty() || groups_.back().rows == kRowsAGroup) {
    groups_.emplace_back();
  }
  Group& group = groups_.back();
  group.last = sequence;
  ++group.rows;
  group.bytes += bytes;
  bytes_ += bytes;
  last_ = sequence;
}

void Backlog::DropUpTo(std::int64_t sequence) {
  while (!groups_.empty() && groups_.front().last <= sequence) {
    bytes_ -= groups_.front().bytes;
    groups_.pop_front();
  }
  last_ = std::max(last_, sequence);
}

}  // namespace hark::alert
