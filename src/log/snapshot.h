#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "base/file_system.h"
#include "log/snapshot_format.h"

namespace hark::log {

// A snapshot file that was found to be whole. Its sections are read when they are asked for.
// Not thread-safe. The file system must outlive it.
class Snapshot {
 public:
  // Reads the file once to check it. DataLoss: it is damaged; FailedPrecondition: it is whole but
  // of an unknown format. Both say which file it is.
  static absl::StatusOr<Snapshot> Open(FileSystem& file_system, const std::string& path);

  // The bytes of a section. NotFound if there is none of that name; DataLoss if it was damaged
  // since the snapshot was opened.
  absl::StatusOr<std::string> ReadSection(std::string_view name) const;

  std::uint64_t number() const { return footer_.number; }
  std::uint64_t position() const { return footer_.position; }
  const std::string& rules() const { return footer_.rules; }
  const std::vector<SnapshotSection>& sections() const { return footer_.sections; }
  const std::string& path() const { return path_; }

 private:
  Snapshot(std::unique_ptr<File> file, std::string path)
      : file_(std::move(file)), path_(std::move(path)) {}

  absl::Status Check();

  std::unique_ptr<File> file_;
  std::string path_;
  SnapshotFooter footer_;
};

}  // namespace hark::log
