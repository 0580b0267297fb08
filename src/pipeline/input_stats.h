#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "hark/detector.h"
#include "hark/event.h"
#include "hark/source.h"

namespace hark::pipeline {

// What was read, and what became of it. records = events + skipped + rejected, always.
struct InputStats {
  std::uint64_t records = 0;
  std::uint64_t events = 0;
  std::array<std::uint64_t, kSkipReasons> skipped{};     // by SkipReason
  std::array<std::uint64_t, kRejectReasons> rejected{};  // by RejectReason
  std::uint64_t bytes = 0;
  std::uint64_t wrong_types = 0;   // optional fields, in whatever events
  std::uint64_t out_of_range = 0;  // events that were not judged for their time
  std::uint64_t facts = 0;         // events that some rule matched
  Micros first_time = kEndOfTime;  // of all events; above last_time if there are none
  Micros last_time = kBeginningOfTime;

  void Reject(RejectReason reason) {
    ++records;
    ++rejected[static_cast<std::size_t>(reason)];
  }
  void CountEvent(Micros time) {
    ++records;
    ++events;
    first_time = std::min(first_time, time);
    last_time = std::max(last_time, time);
  }
  void Skip(SkipReason reason) {
    ++records;
    ++skipped[static_cast<std::size_t>(reason)];
  }
  std::uint64_t rejected_total() const;
  std::uint64_t skipped_total() const;

  void Merge(const InputStats& other);
};

}  // namespace hark::pipeline
