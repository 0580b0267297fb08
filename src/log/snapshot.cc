#include "log/snapshot.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/str_format.h"

#include "base/checksum.h"
#include "base/status_macros.h"
#include "log/numbered_files.h"

namespace hark::log {
namespace {

constexpr std::uint64_t kChunkBytes = std::uint64_t{1} << 20;

absl::StatusOr<std::string> ReadExactly(const File& file, std::uint64_t offset,
                                        std::uint64_t size) {
  std::string bytes(size, '\0');
  ASSIGN_OR_RETURN(const std::size_t read, file.ReadAt(offset, bytes));
  if (read < size) {
    return absl::DataLossError("it became shorter while it was read");
  }
  return bytes;
}

absl::StatusOr<std::uint64_t> ChecksumOf(const File& file, std::uint64_t end) {
  RunningChecksum checksum;
  for (std::uint64_t offset = 0; offset < end; offset += kChunkBytes) {
    ASSIGN_OR_RETURN(const std::string bytes,
                     ReadExactly(file, offset, std::min(kChunkBytes, end - offset)));
    checksum.Add(bytes);
  }
  return checksum.Value();
}

}  // namespace

absl::StatusOr<Snapshot> Snapshot::Open(FileSystem& file_system, const std::string& path) {
  ASSIGN_OR_RETURN(std::unique_ptr<File> file, file_system.Open(path, OpenMode::kRead));
  Snapshot snapshot(std::move(file), path);
  const absl::Status status = snapshot.Check();
  if (absl::IsDataLoss(status) || absl::IsFailedPrecondition(status)) {
    return absl::Status(status.code(), absl::StrFormat("%s: %s", path, status.message()));
  }
  RETURN_IF_ERROR(status);
  return snapshot;
}

absl::Status Snapshot::Check() {
  ASSIGN_OR_RETURN(const std::uint64_t size, file_->Size());
  if (size < kSnapshotMagic.size() + kSnapshotTrailerBytes) {
    return absl::DataLossError("it is too short for a snapshot");
  }
  ASSIGN_OR_RETURN(const std::string magic, ReadExactly(*file_, 0, kSnapshotMagic.size()));
  if (magic != kSnapshotMagic) {
    return absl::DataLossError("it does not begin as a snapshot does");
  }
  const std::uint64_t footer_end = size - kSnapshotTrailerBytes;
  ASSIGN_OR_RETURN(const std::string trailer_bytes,
                   ReadExactly(*file_, footer_end, kSnapshotTrailerBytes));
  const SnapshotTrailer trailer = DecodeSnapshotTrailer(trailer_bytes);
  ASSIGN_OR_RETURN(const std::uint64_t checksum, ChecksumOf(*file_, size - kSnapshotChecksumBytes));
  if (checksum != trailer.checksum || trailer.footer_length > footer_end - kSnapshotMagic.size()) {
    return absl::DataLossError("its checksum is wrong");
  }
  const std::uint64_t footer_begin = footer_end - trailer.footer_length;
  ASSIGN_OR_RETURN(const std::string footer_bytes,
                   ReadExactly(*file_, footer_begin, trailer.footer_length));
  ASSIGN_OR_RETURN(footer_, DecodeSnapshotFooter(footer_bytes, trailer.format,
                                                 footer_begin - kSnapshotMagic.size()));
  if (NumberedName(footer_.number, kSnapshotEnding) !=
      std::filesystem::path(path_).filename().string()) {
    return absl::DataLossError(
        absl::StrFormat("it is snapshot %u: the file was renamed", footer_.number));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Snapshot::ReadSection(std::string_view name) const {
  std::uint64_t offset = kSnapshotMagic.size();
  for (const SnapshotSection& section : footer_.sections) {
    if (section.name != name) {
      offset += section.length;
      continue;
    }
    absl::StatusOr<std::string> bytes = ReadExactly(*file_, offset, section.length);
    if (absl::IsDataLoss(bytes.status()) || (bytes.ok() && Checksum(*bytes) != section.checksum)) {
      return absl::DataLossError(absl::StrFormat("%s: its section %s is damaged", path_, name));
    }
    return bytes;
  }
  return absl::NotFoundError(absl::StrFormat("%s: it has no section %s", path_, name));
}

}  // namespace hark::log
