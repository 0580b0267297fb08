#include "base/file_system.h"

#include <filesystem>

#include "base/status_macros.h"

namespace hark {
namespace {

std::string ParentOf(const std::string& path) {
  std::filesystem::path folder(path);
  if (!folder.has_filename()) {
    folder = folder.parent_path();  // "a/b/" is "a/b"
  }
  const std::string parent = folder.parent_path().string();
  return parent.empty() ? "." : parent;
}

}  // namespace

absl::Status WriteAll(File& file, std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    ASSIGN_OR_RETURN(const std::size_t written, file.WriteAt(offset, bytes));
    offset += written;
    bytes.remove_prefix(written);
  }
  return absl::OkStatus();
}

absl::Status MakeDurableDirectory(FileSystem& file_system, const std::string& path) {
  absl::Status made = file_system.MakeDirectory(path);
  const bool existed = absl::IsAlreadyExists(made);
  if (!made.ok() && !existed) {
    return made;
  }
  // One that exists may have been made just before a crash, so its name is synced all the same;
  // but whoever did not make it may lack the right to open its parent.
  const absl::Status synced = file_system.SyncDirectory(ParentOf(path));
  return existed && absl::IsPermissionDenied(synced) ? absl::OkStatus() : synced;
}

std::string JoinPath(std::string_view directory, std::string_view name) {
  return (std::filesystem::path(directory) / name).string();
}

}  // namespace hark
