#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace hark {

// What hark keeps on disk is written through this interface, so that a test can put a disk under
// it that is full, fails, or loses what was not synced.
//
// What survives the loss of power: of a file's bytes, those that were there at its last
// successful Sync; of the names in a directory, those at its last successful SyncDirectory. All
// else may be there, be gone, or, for bytes, be there in part.
//
// Errors name the file. ResourceExhausted: no space left; NotFound: no such file or directory.

// An open file, closed by its destructor. Thread-safe, but for reads of what is being written.
class File {
 public:
  virtual ~File() = default;

  // Fills the buffer; returns less than its size only at the end of the file.
  virtual absl::StatusOr<std::size_t> ReadAt(std::uint64_t offset,
                                             std::span<char> buffer) const = 0;

  // Writes some of the bytes, at least one, and returns how many. Most callers want WriteAll.
  virtual absl::StatusOr<std::size_t> WriteAt(std::uint64_t offset, std::string_view bytes) = 0;

  // Waits until all that was written is on the disk. After a failure nobody knows what is there:
  // the kernel forgets what it could not write, so another Sync that succeeds proves nothing.
  // Bytes that are written once more after the failure are a new chance.
  virtual absl::Status Sync() = 0;

  virtual absl::Status Truncate(std::uint64_t size) = 0;
  virtual absl::StatusOr<std::uint64_t> Size() const = 0;
};

// Held as long as it lives, and by no longer than the process.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

enum class OpenMode {
  kRead,
  kUpdate,  // reads and writes a file that exists
  kCreate,  // reads and writes a new file; one that exists is emptied
};

struct FileInfo {
  std::uint64_t size = 0;
  unsigned permissions = 0;  // the nine bits rwxrwxrwx
  bool is_directory = false;
};

// Thread-safe.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // Files are created for the owner only.
  virtual absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) = 0;

  // Replaces a file that has the new name.
  virtual absl::Status Rename(const std::string& from, const std::string& to) = 0;
  virtual absl::Status Remove(const std::string& path) = 0;

  // For the owner only. Fails with AlreadyExists if there is something of that name.
  virtual absl::Status MakeDirectory(const std::string& path) = 0;
  // Waits until the names that were made, changed and removed in it are on the disk.
  virtual absl::Status SyncDirectory(const std::string& path) = 0;
  // The names in a directory, sorted.
  virtual absl::StatusOr<std::vector<std::string>> List(const std::string& path) = 0;

  virtual absl::StatusOr<FileInfo> Info(const std::string& path) = 0;

  // Creates the file if need be. Fails with FailedPrecondition if another process, or another
  // lock of this one, holds it.
  virtual absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) = 0;

  // The operating system's. Never deleted.
  static FileSystem& Posix();
};

// Writes all bytes. After a failure some of them may be there.
absl::Status WriteAll(File& file, std::uint64_t offset, std::string_view bytes);

// Makes the directory, if it does not exist, such that it survives the loss of power. Its parent
// must exist.
absl::Status MakeDurableDirectory(FileSystem& file_system, const std::string& path);

// "directory/name".
std::string JoinPath(std::string_view directory, std::string_view name);

}  // namespace hark
