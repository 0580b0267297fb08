#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"

#include "hark/detector.h"
#include "hark/fact.h"

namespace hark::pipeline {

// Where the sources of a daemon are, as the records of the fact log tell: what a restart resumes
// them with. A part of every snapshot. Not thread-safe.
class SourceTable {
 public:
  // Of the section in a snapshot.
  static constexpr std::string_view kSection = "sources";
  static constexpr std::uint32_t kVersion = 1;

  struct Entry {
    Micros lateness = 0;
    std::uint64_t position = 0;
    Micros highest_time = kBeginningOfTime;
    std::string cursor;
    bool ended = false;  // it does not hold the watermark any more; it may come back
    friend bool operator==(const Entry&, const Entry&) = default;
  };

  // Some names stand for what was followed, not for a source: they have always ended.
  static constexpr std::string_view kMarkerPrefix = "entry:";
  static bool IsMarker(std::string_view name) { return name.starts_with(kMarkerPrefix); }

  void Apply(const FactRecord& record);

  // Those that can be gone on with, by name.
  const std::map<std::string, Entry>& entries() const { return entries_; }
  // nullptr if there is none.
  const Entry* Find(const std::string& name) const;
  // Of all events of all sources, those that are gone too.
  Micros highest_time() const { return highest_time_; }

  std::string Save() const;
  // DataLoss if the bytes are no table; it is then empty.
  absl::Status Restore(std::string_view bytes);

 private:
  std::map<std::string, Entry> entries_;
  Micros highest_time_ = kBeginningOfTime;
};

}  // namespace hark::pipeline
