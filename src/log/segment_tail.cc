#include "log/segment_tail.h"

#include <algorithm>
#include <memory>
#include <string_view>

#include "absl/strings/str_format.h"

#include "base/codec.h"
#include "base/status_macros.h"
#include "log/segment_reader.h"

namespace hark::log {
namespace {

constexpr std::uint64_t kReadBytes = std::uint64_t{1} << 20;

absl::StatusOr<std::string> ReadChunk(const File& file, std::uint64_t offset, std::uint64_t end) {
  std::string bytes(std::min(kReadBytes, end - offset), '\0');
  ASSIGN_OR_RETURN(const std::size_t read, file.ReadAt(offset, bytes));
  bytes.resize(read);
  return bytes;
}

// Whether a record of a group that begins after `position` has its header somewhere in the bytes.
bool HasLaterGroup(std::string_view bytes, std::uint64_t position, std::uint64_t salt) {
  for (; bytes.size() >= kRecordHeaderBytes; bytes.remove_prefix(1)) {
    ByteReader reader(bytes.substr(sizeof(std::uint64_t)));
    if (reader.Fixed64() > position) {  // most places fail here, before the checksum
      const auto header = DecodeRecordHeader(bytes, salt);
      if (header.has_value() && header->group > position) {
        return true;
      }
    }
  }
  return false;
}

absl::StatusOr<bool> IsFollowedByLaterGroup(const File& file, const SegmentReader& reader) {
  std::uint64_t offset = reader.offset();
  while (offset + kRecordHeaderBytes <= reader.end()) {
    ASSIGN_OR_RETURN(const std::string bytes, ReadChunk(file, offset, reader.end()));
    if (bytes.size() < kRecordHeaderBytes) {
      break;
    }
    if (HasLaterGroup(bytes, reader.position(), reader.header().salt)) {
      return true;
    }
    offset += bytes.size() - kRecordHeaderBytes + 1;  // a header may lie across two chunks
  }
  return false;
}

absl::Status WriteAgain(File& file, std::uint64_t begin, std::uint64_t end) {
  for (std::uint64_t offset = begin; offset < end;) {
    ASSIGN_OR_RETURN(const std::string bytes, ReadChunk(file, offset, end));
    if (bytes.empty()) {
      return absl::DataLossError("a segment became shorter while it was read");
    }
    RETURN_IF_ERROR(WriteAll(file, offset, bytes));
    offset += bytes.size();
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SegmentTail> RecoverTail(FileSystem& file_system, const std::string& path) {
  ASSIGN_OR_RETURN(SegmentReader reader, SegmentReader::Open(file_system, path));
  std::uint64_t group = 0;
  std::uint64_t group_begin = reader.offset();
  for (;;) {
    const std::uint64_t begin = reader.offset();
    StoredRecord record;
    ASSIGN_OR_RETURN(const bool found, reader.Next(record));
    if (!found) {
      break;
    }
    if (record.header.group != group) {
      group = record.header.group;
      group_begin = begin;
    }
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<File> file, file_system.Open(path, OpenMode::kUpdate));
  ASSIGN_OR_RETURN(const bool damaged, IsFollowedByLaterGroup(*file, reader));
  if (damaged) {
    return reader.Damage();
  }
  const std::uint64_t end = reader.offset();
  RETURN_IF_ERROR(WriteAgain(*file, group_begin, end));
  if (end < reader.end()) {
    RETURN_IF_ERROR(file->Truncate(end));
  }
  RETURN_IF_ERROR(file->Sync());
  return SegmentTail{.header = reader.header(),
                     .next = reader.position(),
                     .end = end,
                     .cut_bytes = reader.end() - end};
}

}  // namespace hark::log
