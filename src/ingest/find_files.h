#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "ingest/input_errors.h"

namespace hark::ingest {

// What the system knows of a path, symbolic links followed.
struct FileInfo {
  enum class Kind : std::uint8_t { kRegular, kFolder, kOther };  // other: pipes, devices, ...
  Kind kind = Kind::kOther;
  std::uint64_t device = 0, inode = 0;  // together they tell whether two paths name one file
  std::uint64_t size = 0;
  std::int64_t modified = 0, changed = 0;  // ns since 1970: its content; its content, name or owner

  bool IsSameFile(const FileInfo& other) const {
    return device == other.device && inode == other.inode;
  }
};

struct FoundFile {
  std::string path;
  FileInfo info;
};

// Fails with the reason that the system gives.
absl::StatusOr<FileInfo> InfoOf(const std::string& path);
// The same of an open file; the path is for the error.
absl::StatusOr<FileInfo> InfoOf(int descriptor, const std::string& path);

// Whether the path has a character that makes it a pattern: * ? [
bool IsPattern(const std::string& path);

// What is in a folder and in the folders below it.
struct FolderContent {
  std::vector<FoundFile> files;      // sorted by path
  std::vector<std::string> folders;  // that were looked into, the first one among them
};

// All regular files in the folder and the folders below it. Symbolic links are
// followed to files but not to folders, so there are no loops. Left out are hidden files and
// folders (".name"), lost+found, and what is neither file nor folder. A folder that cannot be read
// is told to `errors`; a file that vanishes meanwhile is not. Takes one descriptor at a time.
FolderContent ContentOfFolder(const std::string& folder, InputErrors& errors);
// The files of it.
std::vector<FoundFile> FilesInFolder(const std::string& folder, InputErrors& errors);

// The regular files that match the pattern, as glob(7), and those in the folders that match it;
// sorted by path. Folders that cannot be read match nothing, as for a shell.
std::vector<FoundFile> FilesOfPattern(const std::string& pattern, InputErrors& errors);

}  // namespace hark::ingest
