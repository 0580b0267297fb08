#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "hark/detector.h"

namespace hark::pipeline {

// Which of many live sources is read next, and when. Each is read by one thread at a time.
//
// The one that has come least far in event time comes first, and no other one may be more than
// kMaxAhead before it: facts of one that runs ahead could not be judged and would fill the memory.
// Those that were read to their present end, or cannot be read, hold nobody back, and are looked at
// again when they are due. Times are event times, or receipt times where it says so, in
// microseconds. Not thread-safe. O(log sources) per call.
class LiveQueue {
 public:
  static constexpr Micros kMaxAhead = 10'000'000;

  // A source that has come so far (kBeginningOfTime: unknown). Returns its number: 0, 1, 2, ...
  std::size_t Add(Micros highest_time);

  // The source to read at that receipt time; it is taken until Return or Remove. nullopt: none.
  std::optional<std::size_t> Take(Micros now);

  // It brought something and may be read on at once.
  void ReturnActive(std::size_t source, Micros highest_time);
  // It has nothing now, or cannot be read: not before that receipt time.
  void ReturnWaiting(std::size_t source, Micros due);
  // It is never read again. REQUIRES: it is taken.
  void Remove(std::size_t source);

  // When the next one is due, if one waits; kEndOfTime if none does.
  Micros next_due() const { return waiting_.empty() ? kEndOfTime : waiting_.begin()->first; }
  // Whether there is one that waits for nothing but to be taken.
  bool has_ready() const { return !ready_.empty(); }
  std::size_t size() const { return size_; }

 private:
  using Ranked = std::pair<Micros, std::size_t>;  // time, source

  std::vector<Micros> times_;  // how far each has come
  std::set<Ranked> ready_;     // by event time: those that may be taken
  std::set<Ranked> waiting_;   // by due time
  std::set<Ranked> active_;    // by event time: the ready ones and the taken ones that are active
  std::size_t size_ = 0;
};

}  // namespace hark::pipeline
