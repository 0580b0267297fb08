#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "base/file_system.h"
#include "log/segment_format.h"

namespace hark::log {

// A record that waits to be written.
struct PendingRecord {
  std::uint64_t position = 0;
  std::uint64_t payload_checksum = 0;
  std::string payload;
};

// Adds groups of records to one segment file. After an error the writer must not be used again:
// what the file holds behind end() is then unknown. Not thread-safe.
class SegmentWriter {
 public:
  // Makes the segment `header.first` in the directory. It gets its name, in place of a segment
  // that has it, only when it is whole on the disk; it survives the loss of power afterwards.
  static absl::StatusOr<std::unique_ptr<SegmentWriter>> Create(FileSystem& file_system,
                                                               const std::string& directory,
                                                               const SegmentHeader& header);

  // Goes on at `end` of a segment that RecoverTail has looked at.
  static absl::StatusOr<std::unique_ptr<SegmentWriter>> Continue(FileSystem& file_system,
                                                                 const std::string& path,
                                                                 const SegmentHeader& header,
                                                                 std::uint64_t end);

  // Writes the records and waits until they are on the disk. REQUIRES: not empty, and their
  // positions follow each other and what the segment holds.
  absl::Status WriteGroup(const std::vector<PendingRecord>& records);

  const SegmentHeader& header() const { return header_; }
  const std::string& path() const { return path_; }
  std::uint64_t end() const { return end_; }  // the offset after what is on the disk

 private:
  SegmentWriter(std::unique_ptr<File> file, std::string path, const SegmentHeader& header,
                std::uint64_t end)
      : file_(std::move(file)), path_(std::move(path)), header_(header), end_(end) {}

  std::unique_ptr<File> file_;
  std::string path_;
  SegmentHeader header_;
  std::uint64_t end_;
};

}  // namespace hark::log
