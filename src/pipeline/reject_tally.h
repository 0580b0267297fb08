#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "hark/source.h"

#include "pipeline/input_stats.h"

namespace hark::pipeline {

// A log of which much was rejected.
struct DamagedLog {
  std::string name;
  std::uint64_t records = 0;
  std::uint64_t rejected = 0;
  RejectReason main_reason = RejectReason::kMalformed;  // of most of them
};

// Counts by source what was rejected: in a folder of logs one that is no log at all must not hide
// behind the others. Costs 8 bytes for a source that is sound; there may be 100,000. Not
// thread-safe.
class RejectTally {
 public:
  // Of sources that are named by numbers from 0 on.
  explicit RejectTally(std::size_t sources) : records_(sources) {}

  // What became of the records of the source between two states of the same statistics.
  void Add(std::size_t source, const InputStats& before, const InputStats& after);
  void Merge(const RejectTally& other);

  // Those of the sources, of which this has counted, where more than 1 % was rejected: the one with
  // the most rejected records first.
  std::vector<DamagedLog> DamagedLogs(const std::vector<std::unique_ptr<Source>>& sources) const;

 private:
  using Reasons = std::array<std::uint64_t, kRejectReasons>;

  std::vector<std::uint64_t> records_;                  // by source
  absl::flat_hash_map<std::size_t, Reasons> rejected_;  // of sources that have any
};

}  // namespace hark::pipeline
