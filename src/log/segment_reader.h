#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "base/file_system.h"
#include "log/segment_format.h"

namespace hark::log {

// A record as it lies in a segment.
struct StoredRecord {
  RecordHeader header;
  std::string_view payload;  // valid until the reader's next call
};

// Reads the records of one segment file, front to back. Not thread-safe.
class SegmentReader {
 public:
  // Reads the header. Fails as DecodeSegmentHeader does, with the file's name in the message, and
  // also if the file's name does not say what the header says.
  static absl::StatusOr<SegmentReader> Open(FileSystem& file_system, const std::string& path);

  // Reads no bytes at or beyond `offset`, which is the file's size unless it is set: what is being
  // written there is not to be looked at, lest a part of it be remembered.
  void SetEnd(std::uint64_t offset) { end_ = offset; }

  // Reads the next record. False if there is no whole, undamaged record of the next position;
  // the reader then stays where it is. An error if the file cannot be read.
  absl::StatusOr<bool> Next(StoredRecord& record);

  // What to say where Next is false and a record must be there.
  absl::Status Damage() const;

  const SegmentHeader& header() const { return header_; }
  const std::string& path() const { return path_; }
  std::uint64_t position() const { return position_; }  // of the record that comes next
  std::uint64_t offset() const { return offset_; }      // and where it begins
  std::uint64_t end() const { return end_; }

 private:
  SegmentReader(std::unique_ptr<File> file, std::string path)
      : file_(std::move(file)), path_(std::move(path)) {}

  // The next `size` bytes, or as many of them as there are.
  absl::StatusOr<std::string_view> Peek(std::uint64_t size);

  std::unique_ptr<File> file_;
  std::string path_;
  SegmentHeader header_;
  std::uint64_t end_ = 0;
  std::uint64_t offset_ = 0;
  std::uint64_t position_ = 0;
  std::string buffer_;               // bytes of the file ...
  std::uint64_t buffer_offset_ = 0;  // ... from here on
};

}  // namespace hark::log
