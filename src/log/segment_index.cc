#include "log/segment_index.h"

#include <algorithm>

#include "absl/strings/str_format.h"

#include "base/status_macros.h"
#include "log/numbered_files.h"
#include "log/segment_reader.h"

namespace hark::log {

absl::StatusOr<SegmentIndex> SegmentIndex::Load(FileSystem& file_system,
                                                const std::string& directory) {
  RETURN_IF_ERROR(RemoveTemporaryFiles(file_system, directory));
  ASSIGN_OR_RETURN(std::vector<std::string> names, file_system.List(directory));
  std::erase_if(names, [](const std::string& name) { return !ParseSegmentName(name).has_value(); });
  SegmentIndex index;
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(const SegmentReader reader,
                     SegmentReader::Open(file_system, JoinPath(directory, name)));
    RETURN_IF_ERROR(index.CheckFollows(reader.header(), directory));
    index.Add(reader.header(), reader.path());
    index.SetEnd(reader.end());
  }
  return index;
}

absl::Status SegmentIndex::CheckFollows(const SegmentHeader& header,
                                        const std::string& directory) const {
  // The oldest may have been cut, so only what lies between two others must be there.
  if (segments_.empty() || segments_.back().first == header.previous) {
    return absl::OkStatus();
  }
  return absl::DataLossError(absl::StrFormat("%s: the segment before it, %s, is missing",
                                             JoinPath(directory, SegmentName(header.first)),
                                             JoinPath(directory, SegmentName(header.previous))));
}

void SegmentIndex::Add(const SegmentHeader& header, const std::string& path) {
  if (!segments_.empty() && segments_.back().first == header.first) {
    segments_.pop_back();
  }
  segments_.push_back({.id = next_id_++,
                       .first = header.first,
                       .created = header.created,
                       .path = path,
                       .end = kSegmentHeaderBytes});
}

const Segment* SegmentIndex::Find(std::uint64_t position) const {
  const auto after = std::upper_bound(
      segments_.begin(), segments_.end(), position,
      [](std::uint64_t wanted, const Segment& segment) { return wanted < segment.first; });
  return after == segments_.begin() ? nullptr : &*std::prev(after);
}

std::uint64_t SegmentIndex::PreviousOf(std::uint64_t first) const {
  const Segment* const segment = Find(first - 1);
  return segment == nullptr ? 0 : segment->first;
}

const Segment* SegmentIndex::OldestBefore(std::uint64_t position) const {
  return segments_.size() > 1 && segments_[1].first <= position ? &segments_.front() : nullptr;
}

std::uint64_t SegmentIndex::bytes() const {
  std::uint64_t sum = 0;
  for (const Segment& segment : segments_) {
    sum += segment.end;
  }
  return sum;
}

}  // namespace hark::log
