#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "base/checksum.h"
#include "base/file_system.h"
#include "log/snapshot_format.h"

namespace hark::log {

// Writes one snapshot under a temporary name, piece by piece, on whatever thread:
//
//   writer->BeginSection("windows", 1);
//   while (...) RETURN_IF_ERROR(writer->Append(bytes));
//   ...
//   RETURN_IF_ERROR(writer->Seal());
//   ... the revisions up to position() are committed ...
//   RETURN_IF_ERROR(store.Publish(std::move(writer)));
//
// One that is not published leaves nothing behind. After an error it is of no use. Not thread-safe;
// its store and it may be used by two threads at the same time. The file system must outlive it.
class SnapshotWriter {
 public:
  // Made by SnapshotStore::Begin.
  static absl::StatusOr<std::unique_ptr<SnapshotWriter>> Create(FileSystem& file_system,
                                                                const std::string& directory,
                                                                SnapshotFooter footer);
  ~SnapshotWriter();
  SnapshotWriter(const SnapshotWriter&) = delete;
  SnapshotWriter& operator=(const SnapshotWriter&) = delete;

  // What is appended from here on belongs to this section. REQUIRES: its name is new.
  void BeginSection(std::string_view name, std::uint32_t version);

  // Adds bytes to the section. REQUIRES: one was begun.
  absl::Status Append(std::string_view bytes);

  // Ends the snapshot and waits until it is on the disk, under its temporary name.
  absl::Status Seal();

  std::uint64_t number() const { return footer_.number; }
  std::uint64_t position() const { return footer_.position; }
  std::uint64_t bytes() const { return offset_ + buffer_.size(); }

 private:
  friend class SnapshotStore;

  SnapshotWriter(FileSystem& file_system, const std::string& directory, SnapshotFooter footer);

  // Gives a sealed snapshot its name.
  absl::Status Rename();
  absl::Status Write(std::string_view bytes);
  absl::Status Flush();
  void EndSection();

  FileSystem& file_system_;
  std::string path_;
  std::string temporary_path_;
  SnapshotFooter footer_;
  std::unique_ptr<File> file_;
  std::uint64_t offset_ = 0;  // of what was written
  std::string buffer_;        // what comes after that
  RunningChecksum checksum_;  // of the whole file
  RunningChecksum section_checksum_;
  bool sealed_ = false;
  bool renamed_ = false;
};

}  // namespace hark::log
