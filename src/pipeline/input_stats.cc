#include "pipeline/input_stats.h"

#include <algorithm>
#include <numeric>

namespace hark::pipeline {

std::uint64_t InputStats::rejected_total() const {
  return std::accumulate(rejected.begin(), rejected.end(), std::uint64_t{0});
}

std::uint64_t InputStats::skipped_total() const {
  return std::accumulate(skipped.begin(), skipped.end(), std::uint64_t{0});
}

void InputStats::Merge(const InputStats& other) {
  records += other.records;
  events += other.events;
  for (std::size_t i = 0; i < skipped.size(); ++i) {
    skipped[i] += other.skipped[i];
  }
  for (std::size_t i = 0; i < rejected.size(); ++i) {
    rejected[i] += other.rejected[i];
  }
  bytes += other.bytes;
  wrong_types += other.wrong_types;
  out_of_range += other.out_of_range;
  facts += other.facts;
  first_time = std::min(first_time, other.first_time);
  last_time = std::max(last_time, other.last_time);
}

}  // namespace hark::pipeline
