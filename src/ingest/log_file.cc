#include "ingest/log_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"

#include "base/status_macros.h"
#include "ingest/compressed_format.h"
#include "ingest/decompress_stream.h"
#include "ingest/file_stream.h"
#include "ingest/open_files.h"

namespace hark::ingest {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{64} << 10;

std::size_t LeadingNuls(std::string_view bytes) {
  return std::min(bytes.find_first_not_of('\0'), bytes.size());
}

}  // namespace

absl::StatusOr<std::unique_ptr<LogFile>> LogFile::Open(const std::string& path) {
  std::unique_ptr<LogFile> file(new LogFile(path));
  RETURN_IF_ERROR(file->OpenPlain());
  std::string magic(kMagicBytes, '\0');
  ASSIGN_OR_RETURN(const std::size_t count, file->ReadAt(0, magic.data(), magic.size()));
  magic.resize(count);
  if (FormatOf(magic) != CompressedFormat::kNone) {
    RETURN_IF_ERROR(file->OpenCompressed());
  }
  return file;
}

LogFile::~LogFile() {
  if (descriptor_ >= 0) {
    close(descriptor_);
    CountClosedFile();
  }
}

absl::Status LogFile::OpenPlain() {
  // O_NONBLOCK: else the open of a named pipe waits for its writer.
  descriptor_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor_ < 0) {
    return absl::ErrnoToStatus(errno, absl::StrFormat("cannot open %s", path_));
  }
  CountOpenedFile();
  ASSIGN_OR_RETURN(info_, InfoOf(descriptor_, path_));
  if (info_.kind != FileInfo::Kind::kRegular) {
    return absl::FailedPreconditionError(
        absl::StrFormat("cannot follow %s: it is no regular file", path_));
  }
  return absl::OkStatus();
}

absl::Status LogFile::OpenCompressed() {
  ASSIGN_OR_RETURN(std::unique_ptr<FileStream> stream, FileStream::Open(path_, nullptr));
  ASSIGN_OR_RETURN(const FileInfo opened, stream->Info());
  if (!opened.IsSameFile(info_)) {
    return absl::NotFoundError(absl::StrFormat("%s has become another file", path_));
  }
  close(std::exchange(descriptor_, -1));
  CountClosedFile();
  unpacked_ = Decompress(std::move(stream));
  std::string bytes(Fingerprint::kMaxBytes, '\0');
  std::size_t length = 0;
  while (length < bytes.size()) {
    ASSIGN_OR_RETURN(const std::size_t count,
                     unpacked_->Read(bytes.data() + length, bytes.size() - length));
    if (count == 0) {
      break;
    }
    unpacked_offset_ += count;
    length += count;
    const std::size_t nuls = LeadingNuls({bytes.data(), length});
    head_.start += nuls;
    length -= nuls;
    std::memmove(bytes.data(), bytes.data() + nuls, length);
  }
  head_.bytes = bytes.substr(0, length);
  offset_ = head_.start;
  return absl::OkStatus();
}

absl::StatusOr<std::uint64_t> LogFile::Size() const {
  if (is_compressed()) {
    return FilePlace::kEndOfFile;
  }
  ASSIGN_OR_RETURN(const FileInfo now, InfoOf(descriptor_, path_));
  return now.size;
}

absl::StatusOr<ContentHead> LogFile::Head() {
  if (is_compressed()) {
    return head_;
  }
  std::string bytes(Fingerprint::kMaxBytes, '\0');
  ASSIGN_OR_RETURN(std::size_t count, ReadAt(head_.start, bytes.data(), bytes.size()));
  if (head_.start == 0 && count > 0 && bytes.front() == '\0') {
    ASSIGN_OR_RETURN(head_.start, FindContent());
    ASSIGN_OR_RETURN(count, ReadAt(head_.start, bytes.data(), bytes.size()));
  }
  bytes.resize(count);
  return ContentHead{.start = head_.start, .bytes = std::move(bytes)};
}

absl::StatusOr<std::uint64_t> LogFile::FindContent() const {
  std::string piece(kPieceBytes, '\0');
  std::uint64_t offset = 0;
  while (true) {
    // A hole is not read; where the system knows of none, its NULs are.
    const off_t data = lseek(descriptor_, static_cast<off_t>(offset), SEEK_DATA);
    offset = data >= 0 ? static_cast<std::uint64_t>(data) : offset;
    ASSIGN_OR_RETURN(const std::size_t count, ReadAt(offset, piece.data(), piece.size()));
    const std::size_t nuls = LeadingNuls({piece.data(), count});
    offset += nuls;
    if (nuls < count || count == 0) {
      return offset;
    }
  }
}

absl::StatusOr<bool> LogFile::SkipTo(std::uint64_t offset) {
  ASSIGN_OR_RETURN(const ContentHead head, Head());
  if (!is_compressed()) {
    ASSIGN_OR_RETURN(const std::uint64_t size, Size());
    offset_ = offset == FilePlace::kEndOfFile ? size : std::max(offset, head.start);
    return offset_ <= size;
  }
  if (offset == FilePlace::kEndOfFile) {
    offset_ = offset;
    return true;
  }
  std::string piece(kPieceBytes, '\0');
  while (offset_ < offset) {
    const std::size_t wanted = std::min<std::uint64_t>(piece.size(), offset - offset_);
    ASSIGN_OR_RETURN(const std::size_t count, ReadUnpacked(piece.data(), wanted));
    if (count == 0) {
      break;
    }
  }
  std::vector<Damage> known;
  TakeDamages(known);
  return offset_ >= offset;
}

absl::Status LogFile::SkipLines() {
  if (is_compressed()) {
    return SkipTo(FilePlace::kEndOfFile).status();
  }
  ASSIGN_OR_RETURN(const std::uint64_t size, Size());
  std::string piece(kPieceBytes, '\0');
  for (std::uint64_t end = size; end > 0;) {
    const std::uint64_t begin = end - std::min<std::uint64_t>(end, piece.size());
    ASSIGN_OR_RETURN(const std::size_t count, ReadAt(begin, piece.data(), end - begin));
    const std::size_t feed = std::string_view(piece.data(), count).rfind('\n');
    if (feed != std::string_view::npos) {
      offset_ = begin + feed + 1;
      return absl::OkStatus();
    }
    end = begin;
  }
  return SkipTo(0).status();
}

absl::StatusOr<std::size_t> LogFile::Read(char* data, std::size_t size) {
  if (is_compressed()) {
    return ReadUnpacked(data, size);
  }
  ASSIGN_OR_RETURN(const std::size_t count, ReadAt(offset_, data, size));
  offset_ += count;
  return count;
}

absl::StatusOr<std::size_t> LogFile::ReadUnpacked(char* data, std::size_t size) {
  std::size_t count = 0;
  if (offset_ == FilePlace::kEndOfFile) {
    return count;
  }
  if (offset_ < unpacked_offset_) {
    // The bytes of the head have been decompressed already.
    const std::string_view rest = std::string_view(head_.bytes).substr(offset_ - head_.start);
    count = std::min(rest.size(), size);
    std::memcpy(data, rest.data(), count);
  } else {
    ASSIGN_OR_RETURN(count, unpacked_->Read(data, size));
    unpacked_offset_ += count;
  }
  offset_ += count;
  return count;
}

void LogFile::TakeDamages(std::vector<Damage>& damages) {
  if (is_compressed()) {
    unpacked_->TakeDamages(damages);
  }
}

absl::StatusOr<std::size_t> LogFile::ReadAt(std::uint64_t offset, char* data,
                                            std::size_t size) const {
  while (true) {
    const ssize_t count = pread(descriptor_, data, size, static_cast<off_t>(offset));
    if (count >= 0) {
      return static_cast<std::size_t>(count);
    }
    if (errno != EINTR) {
      return absl::ErrnoToStatus(errno, absl::StrFormat("cannot read %s", path_));
    }
  }
}

}  // namespace hark::ingest
