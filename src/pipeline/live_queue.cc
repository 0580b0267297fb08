#include "pipeline/live_queue.h"

#include <algorithm>

namespace hark::pipeline {

std::size_t LiveQueue::Add(Micros highest_time) {
  const std::size_t source = times_.size();
  times_.push_back(highest_time);
  ready_.emplace(highest_time, source);
  active_.emplace(highest_time, source);
  ++size_;
  return source;
}

std::optional<std::size_t> LiveQueue::Take(Micros now) {
  while (!waiting_.empty() && waiting_.begin()->first <= now) {
    const std::size_t due = waiting_.begin()->second;
    waiting_.erase(waiting_.begin());
    // What has nothing new holds nobody back while it is looked at.
    ready_.emplace(times_[due], due);
  }
  if (ready_.empty()) {
    return std::nullopt;
  }
  const auto [time, source] = *ready_.begin();
  if (!active_.empty() && time > kBeginningOfTime + kMaxAhead &&
      time - kMaxAhead > active_.begin()->first) {
    return std::nullopt;
  }
  ready_.erase(ready_.begin());
  return source;
}

void LiveQueue::ReturnActive(std::size_t source, Micros highest_time) {
  active_.erase({times_[source], source});
  times_[source] = std::max(times_[source], highest_time);
  active_.emplace(times_[source], source);
  ready_.emplace(times_[source], source);
}

void LiveQueue::ReturnWaiting(std::size_t source, Micros due) {
  active_.erase({times_[source], source});
  waiting_.emplace(due, source);
}

void LiveQueue::Remove(std::size_t source) {
  active_.erase({times_[source], source});
  --size_;
}

}  // namespace hark::pipeline
