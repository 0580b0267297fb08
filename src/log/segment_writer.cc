#include "log/segment_writer.h"

#include <utility>

#include "base/status_macros.h"
#include "log/numbered_files.h"

namespace hark::log {
namespace {

// Small records are written together, large ones cost one copy.
constexpr std::size_t kWriteBytes = std::size_t{1} << 20;

absl::StatusOr<std::unique_ptr<File>> CreateWithHeader(FileSystem& file_system,
                                                       const std::string& path,
                                                       const SegmentHeader& header) {
  ASSIGN_OR_RETURN(std::unique_ptr<File> file, file_system.Open(path, OpenMode::kCreate));
  RETURN_IF_ERROR(WriteAll(*file, 0, EncodeSegmentHeader(header)));
  RETURN_IF_ERROR(file->Sync());
  return file;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SegmentWriter>> SegmentWriter::Create(FileSystem& file_system,
                                                                     const std::string& directory,
                                                                     const SegmentHeader& header) {
  const std::string path = JoinPath(directory, SegmentName(header.first));
  const std::string temporary = path + std::string(kTemporaryEnding);
  auto file = CreateWithHeader(file_system, temporary, header);
  absl::Status status = file.status();
  if (status.ok()) {
    status = file_system.Rename(temporary, path);
  }
  if (!status.ok()) {
    file_system.Remove(temporary).IgnoreError();  // the next attempt empties it
    return status;
  }
  RETURN_IF_ERROR(file_system.SyncDirectory(directory));
  return std::unique_ptr<SegmentWriter>(
      new SegmentWriter(*std::move(file), path, header, kSegmentHeaderBytes));
}

absl::StatusOr<std::unique_ptr<SegmentWriter>> SegmentWriter::Continue(FileSystem& file_system,
                                                                       const std::string& path,
                                                                       const SegmentHeader& header,
                                                                       std::uint64_t end) {
  ASSIGN_OR_RETURN(std::unique_ptr<File> file, file_system.Open(path, OpenMode::kUpdate));
  return std::unique_ptr<SegmentWriter>(new SegmentWriter(std::move(file), path, header, end));
}

absl::Status SegmentWriter::WriteGroup(const std::vector<PendingRecord>& records) {
  const std::uint64_t group = records.front().position;
  std::uint64_t offset = end_;
  std::string bytes;
  for (const PendingRecord& record : records) {
    const RecordHeader header{.position = record.position,
                              .group = group,
                              .length = static_cast<std::uint32_t>(record.payload.size()),
                              .payload_checksum = record.payload_checksum};
    bytes += EncodeRecordHeader(header, header_.salt);
    bytes += record.payload;
    const bool write_now = bytes.size() >= kWriteBytes || &record == &records.back();
    if (!write_now) {
      continue;
    }
    RETURN_IF_ERROR(WriteAll(*file_, offset, bytes));
    offset += bytes.size();
    bytes.clear();
  }
  RETURN_IF_ERROR(file_->Sync());
  end_ = offset;
  return absl::OkStatus();
}

}  // namespace hark::log
