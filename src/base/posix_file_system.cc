#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"

#include "base/file_system.h"
#include "base/status_macros.h"

namespace hark {
namespace {

constexpr mode_t kOwnerOnlyFile = 0600;
constexpr mode_t kOwnerOnlyDirectory = 0700;

absl::Status Failure(int error, std::string_view action, std::string_view path) {
  const std::string message =
      absl::StrFormat("cannot %s %s: %s", action, path, std::system_category().message(error));
  const absl::StatusCode code = error == EDQUOT || error == EFBIG
                                    ? absl::StatusCode::kResourceExhausted
                                    : absl::ErrnoToStatusCode(error);
  return absl::Status(code, message);
}

absl::Status Failure(std::string_view action, std::string_view path) {
  return Failure(errno, action, path);
}

// Calls a system call again that a signal has interrupted.
template <typename Call>
auto Uninterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) {
    result = call();
  }
  return result;
}

// A file descriptor, closed at the end of its scope.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ >= 0) {
      close(number_);
    }
  }
  int number() const { return number_; }

 private:
  int number_;
};

absl::StatusOr<Descriptor> OpenDescriptor(const std::string& path, int flags) {
  const int number =
      Uninterrupted([&] { return open(path.c_str(), flags | O_CLOEXEC, kOwnerOnlyFile); });
  if (number < 0) {
    return Failure("open", path);
  }
  return Descriptor(number);
}

class PosixFile final : public File {
 public:
  PosixFile(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  absl::StatusOr<std::size_t> ReadAt(std::uint64_t offset, std::span<char> buffer) const override {
    std::size_t read = 0;
    while (read < buffer.size()) {
      const ssize_t bytes = Uninterrupted([&] {
        return pread(number(), buffer.data() + read, buffer.size() - read,
                     static_cast<off_t>(offset + read));
      });
      if (bytes < 0) {
        return Failure("read", path_);
      }
      if (bytes == 0) {
        break;
      }
      read += static_cast<std::size_t>(bytes);
    }
    return read;
  }

  absl::StatusOr<std::size_t> WriteAt(std::uint64_t offset, std::string_view bytes) override {
    const ssize_t written = Uninterrupted(
        [&] { return pwrite(number(), bytes.data(), bytes.size(), static_cast<off_t>(offset)); });
    if (written < 0) {
      return Failure("write", path_);
    }
    if (written == 0 && !bytes.empty()) {
      return Failure(ENOSPC, "write", path_);
    }
    return static_cast<std::size_t>(written);
  }

  absl::Status Sync() override {
    // Not fsync: the times of a file need not survive, its size does, and fdatasync knows that.
    if (Uninterrupted([&] { return fdatasync(number()); }) != 0) {
      return Failure("sync", path_);
    }
    return absl::OkStatus();
  }

  absl::Status Truncate(std::uint64_t size) override {
    if (Uninterrupted([&] { return ftruncate(number(), static_cast<off_t>(size)); }) != 0) {
      return Failure("truncate", path_);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::uint64_t> Size() const override {
    struct stat info {};
    if (fstat(number(), &info) != 0) {
      return Failure("stat", path_);
    }
    return static_cast<std::uint64_t>(info.st_size);
  }

 private:
  int number() const { return descriptor_.number(); }

  Descriptor descriptor_;
  std::string path_;
};

class PosixLock final : public FileLock {
 public:
  explicit PosixLock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

 private:
  Descriptor descriptor_;  // the lock ends when it is closed
};

int FlagsOf(OpenMode mode) {
  switch (mode) {
    case OpenMode::kRead:
      return O_RDONLY;
    case OpenMode::kUpdate:
      return O_RDWR;
    case OpenMode::kCreate:
      return O_RDWR | O_CREAT | O_TRUNC;
  }
  return O_RDONLY;
}

class PosixFileSystem final : public FileSystem {
 public:
  absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override {
    ASSIGN_OR_RETURN(Descriptor descriptor, OpenDescriptor(path, FlagsOf(mode)));
    return std::make_unique<PosixFile>(std::move(descriptor), path);
  }

  absl::Status Rename(const std::string& from, const std::string& to) override {
    if (std::rename(from.c_str(), to.c_str()) != 0) {
      return Failure("rename " + from + " to", to);
    }
    return absl::OkStatus();
  }

  absl::Status Remove(const std::string& path) override {
    if (unlink(path.c_str()) != 0) {
      return Failure("remove", path);
    }
    return absl::OkStatus();
  }

  absl::Status MakeDirectory(const std::string& path) override {
    if (mkdir(path.c_str(), kOwnerOnlyDirectory) != 0) {
      return Failure("make the directory", path);
    }
    return absl::OkStatus();
  }

  absl::Status SyncDirectory(const std::string& path) override {
    ASSIGN_OR_RETURN(const Descriptor descriptor, OpenDescriptor(path, O_RDONLY | O_DIRECTORY));
    if (Uninterrupted([&] { return fsync(descriptor.number()); }) != 0) {
      return Failure("sync the directory", path);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<std::string>> List(const std::string& path) override {
    std::error_code error;
    std::vector<std::string> names;
    std::filesystem::directory_iterator entry(path, error);
    while (!error && entry != std::filesystem::directory_iterator()) {
      names.push_back(entry->path().filename().string());
      entry.increment(error);
    }
    if (error) {
      return Failure(error.value(), "list", path);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  absl::StatusOr<FileInfo> Info(const std::string& path) override {
    struct stat info {};
    if (stat(path.c_str(), &info) != 0) {
      return Failure("stat", path);
    }
    return FileInfo{.size = static_cast<std::uint64_t>(info.st_size),
                    .permissions = info.st_mode & 0777U,
                    .is_directory = S_ISDIR(info.st_mode)};
  }

  absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    ASSIGN_OR_RETURN(Descriptor descriptor, OpenDescriptor(path, O_RDWR | O_CREAT));
    if (Uninterrupted([&] { return flock(descriptor.number(), LOCK_EX | LOCK_NB); }) != 0) {
      if (errno == EWOULDBLOCK) {
        return absl::FailedPreconditionError(
            absl::StrFormat("another process holds the lock %s", path));
      }
      return Failure("lock", path);
    }
    return std::make_unique<PosixLock>(std::move(descriptor));
  }
};

}  // namespace

FileSystem& FileSystem::Posix() {
  static PosixFileSystem* const file_system = new PosixFileSystem;
  return *file_system;
}

}  // namespace hark
