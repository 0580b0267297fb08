#include "log/snapshot_writer.h"

#include <utility>

#include "base/check.h"
#include "base/codec.h"
#include "base/status_macros.h"
#include "log/numbered_files.h"

namespace hark::log {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 20;

}  // namespace

SnapshotWriter::SnapshotWriter(FileSystem& file_system, const std::string& directory,
                               SnapshotFooter footer)
    : file_system_(file_system),
      path_(JoinPath(directory, NumberedName(footer.number, kSnapshotEnding))),
      temporary_path_(path_ + std::string(kTemporaryEnding)),
      footer_(std::move(footer)) {}

absl::StatusOr<std::unique_ptr<SnapshotWriter>> SnapshotWriter::Create(FileSystem& file_system,
                                                                       const std::string& directory,
                                                                       SnapshotFooter footer) {
  std::unique_ptr<SnapshotWriter> writer(
      new SnapshotWriter(file_system, directory, std::move(footer)));
  ASSIGN_OR_RETURN(writer->file_, file_system.Open(writer->temporary_path_, OpenMode::kCreate));
  RETURN_IF_ERROR(writer->Write(kSnapshotMagic));
  return writer;
}

SnapshotWriter::~SnapshotWriter() {
  if (file_ != nullptr && !renamed_) {
    file_system_.Remove(temporary_path_).IgnoreError();  // the next start removes it
  }
}

void SnapshotWriter::BeginSection(std::string_view name, std::uint32_t version) {
  EndSection();
  SnapshotSection& section = footer_.sections.emplace_back();
  section.name = name;
  section.version = version;
  section_checksum_ = RunningChecksum();
}

void SnapshotWriter::EndSection() {
  if (!footer_.sections.empty()) {
    footer_.sections.back().checksum = section_checksum_.Value();
  }
}

absl::Status SnapshotWriter::Append(std::string_view bytes) {
  HARK_CHECK(!footer_.sections.empty() && !sealed_);
  footer_.sections.back().length += bytes.size();
  section_checksum_.Add(bytes);
  return Write(bytes);
}

absl::Status SnapshotWriter::Write(std::string_view bytes) {
  checksum_.Add(bytes);
  buffer_.append(bytes);
  return buffer_.size() < kBufferBytes ? absl::OkStatus() : Flush();
}

absl::Status SnapshotWriter::Flush() {
  RETURN_IF_ERROR(WriteAll(*file_, offset_, buffer_));
  offset_ += buffer_.size();
  buffer_.clear();
  return absl::OkStatus();
}

absl::Status SnapshotWriter::Seal() {
  EndSection();
  RETURN_IF_ERROR(Write(EncodeSnapshotFooter(footer_)));
  ByteWriter checksum;
  checksum.Fixed64(checksum_.Value());
  RETURN_IF_ERROR(Write(checksum.bytes()));
  RETURN_IF_ERROR(Flush());
  RETURN_IF_ERROR(file_->Sync());
  sealed_ = true;
  return absl::OkStatus();
}

absl::Status SnapshotWriter::Rename() {
  HARK_CHECK(sealed_);
  RETURN_IF_ERROR(file_system_.Rename(temporary_path_, path_));
  renamed_ = true;
  return absl::OkStatus();
}

}  // namespace hark::log
