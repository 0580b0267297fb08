#include "log/segment_reader.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/str_format.h"

#include "base/checksum.h"
#include "base/status_macros.h"

namespace hark::log {
namespace {

constexpr std::uint64_t kReadAhead = std::uint64_t{256} << 10;

absl::Status InFile(const std::string& path, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrFormat("%s: %s", path, status.message()));
}

}  // namespace

absl::StatusOr<SegmentReader> SegmentReader::Open(FileSystem& file_system,
                                                  const std::string& path) {
  ASSIGN_OR_RETURN(std::unique_ptr<File> file, file_system.Open(path, OpenMode::kRead));
  SegmentReader reader(std::move(file), path);
  ASSIGN_OR_RETURN(reader.end_, reader.file_->Size());
  ASSIGN_OR_RETURN(const std::string_view bytes, reader.Peek(kSegmentHeaderBytes));
  const absl::StatusOr<SegmentHeader> header = DecodeSegmentHeader(bytes);
  if (!header.ok()) {
    return InFile(path, header.status());
  }
  if (SegmentName(header->first) != std::filesystem::path(path).filename().string()) {
    return absl::DataLossError(
        absl::StrFormat("%s: its first position is %u: it was renamed", path, header->first));
  }
  reader.header_ = *header;
  reader.position_ = header->first;
  reader.offset_ = kSegmentHeaderBytes;
  return reader;
}

absl::StatusOr<std::string_view> SegmentReader::Peek(std::uint64_t size) {
  const std::uint64_t available = std::min(size, end_ - std::min(offset_, end_));
  const std::uint64_t skip = offset_ - buffer_offset_;
  if (skip + available > buffer_.size()) {
    const std::uint64_t wanted =
        std::max(available, std::min(kReadAhead, end_ - std::min(offset_, end_)));
    buffer_.resize(wanted);
    ASSIGN_OR_RETURN(const std::size_t read, file_->ReadAt(offset_, buffer_));
    buffer_.resize(read);
    buffer_offset_ = offset_;
    return std::string_view(buffer_).substr(0, available);
  }
  return std::string_view(buffer_).substr(skip, available);
}

absl::StatusOr<bool> SegmentReader::Next(StoredRecord& record) {
  ASSIGN_OR_RETURN(const std::string_view header_bytes, Peek(kRecordHeaderBytes));
  const auto header = DecodeRecordHeader(header_bytes, header_.salt);
  if (!header.has_value() || header->position != position_) {
    return false;
  }
  const std::uint64_t size = kRecordHeaderBytes + std::uint64_t{header->length};
  ASSIGN_OR_RETURN(const std::string_view bytes, Peek(size));
  if (bytes.size() < size) {
    return false;
  }
  record.header = *header;
  record.payload = bytes.substr(kRecordHeaderBytes);
  if (Checksum(record.payload) != header->payload_checksum) {
    return false;
  }
  offset_ += size;
  ++position_;
  return true;
}

absl::Status SegmentReader::Damage() const {
  return absl::DataLossError(
      absl::StrFormat("%s: the fact record at offset %u, position %u, is damaged or missing", path_,
                      offset_, position_));
}

}  // namespace hark::log
