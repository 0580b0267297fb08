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
};

struct FoundFile {
  std::string path;
  FileInfo info;
};

// Fails with the reason that the system gives.
absl::StatusOr<FileInfo> InfoOf(const std::string& path);

// Whether the path has a character that makes it a pattern: * ? [
bool IsPattern(const std::string& path);

// All regular files in the folder and the folders below it, sorted by path. Symbolic links are
// followed to files but not to folders, so there are no loops. Left out are hidden files and
// folders (".name"), lost+found, and what is neither file nor folder. A folder that cannot be read
// is told to `errors`; a file that vanishes meanwhile is not. Takes one descriptor at a time.
std::vector<FoundFile> FilesInFolder(const std::string& folder, InputErrors& errors);

// The regular files that match the pattern, as glob(7), and those in the folders that match it;
// sorted by path. Folders that cannot be read match nothing, as for a shell.
std::vector<FoundFile> FilesOfPattern(const std::string& pattern, InputErrors& errors);

}  // namespace hark::ingest
