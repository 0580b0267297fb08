#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "hark/event.h"

#include "base/file_system.h"
#include "log/segment_format.h"

namespace hark::log {

// A segment as the log knows it.
struct Segment {
  std::uint64_t id = 0;  // no other segment's, even if it has the same name
  std::uint64_t first = 1;
  Micros created = 0;
  std::string path;
  std::uint64_t end = 0;  // the offset to which it may be read
};

// Which segments there are, oldest first. Not thread-safe.
class SegmentIndex {
 public:
  // Finds the segments of a directory and removes what is left of unfinished ones. Reads only
  // their headers. DataLoss if one between two others is missing or if a header is damaged.
  static absl::StatusOr<SegmentIndex> Load(FileSystem& file_system, const std::string& directory);

  // Adds the newest. It replaces the last one if that has the same first position: then nothing
  // that this one holds was ever on the disk for sure.
  void Add(const SegmentHeader& header, const std::string& path);
  // How far the newest may be read. REQUIRES: there is one.
  void SetEnd(std::uint64_t end) { segments_.back().end = end; }

  // The segment that holds the position; nullptr if it is older than all of them. A position that
  // does not exist yet belongs to the newest.
  const Segment* Find(std::uint64_t position) const;

  // The `previous` of a new segment's header.
  std::uint64_t PreviousOf(std::uint64_t first) const;

  // The oldest segment, if all its records are before the position and it is not the newest.
  const Segment* OldestBefore(std::uint64_t position) const;
  void RemoveOldest() { segments_.erase(segments_.begin()); }

  std::uint64_t bytes() const;
  const std::vector<Segment>& segments() const { return segments_; }

 private:
  // DataLoss if a segment is missing between the newest and this one.
  absl::Status CheckFollows(const SegmentHeader& header, const std::string& directory) const;

  std::vector<Segment> segments_;
  std::uint64_t next_id_ = 1;
};

}  // namespace hark::log
