#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

#include "base/file_system.h"
#include "log/segment_format.h"

namespace hark::log {

struct SegmentTail {
  SegmentHeader header;
  std::uint64_t next = 1;       // the position after that of the last whole record
  std::uint64_t end = 0;        // the offset after that record
  std::uint64_t cut_bytes = 0;  // of a torn tail behind it, now gone
};

// Makes the last segment of a log one that can be added to, after whatever ended its writer.
//
// Bytes behind the last whole record were being written when the writer was stopped; they are cut.
// But if a later group follows them, they were on the disk once and are damaged now: that is
// DataLoss, with the file and the offset.
//
// The last group is then written once more and synced. It may be whole only in the kernel's cache:
// the process was killed before its sync, or the sync failed and the kernel has forgotten that
// these bytes are not on the disk. What was built on it would be lost with the power.
absl::StatusOr<SegmentTail> RecoverTail(FileSystem& file_system, const std::string& path);

}  // namespace hark::log
