#include "ingest/file_stream.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_format.h"

#include "base/status_macros.h"
#include "ingest/open_files.h"

namespace hark::ingest {
namespace {

constexpr int kPollMilliseconds = 100;

absl::Status SystemError(int error, const char* action, const std::string& path) {
  return absl::ErrnoToStatus(
      error, absl::StrFormat("cannot %s %s", action, path == "-" ? "standard input" : path));
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileStream>> FileStream::Open(const std::string& path,
                                                             const std::atomic<bool>* stop) {
  // O_NONBLOCK: else the open of a named pipe waits for its writer, and no stop ends that.
  const int fd =
      path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) {
    return SystemError(errno, "open", path);
  }
  std::unique_ptr<FileStream> stream(new FileStream(path, fd, stop));
  struct stat info {};
  if (fstat(fd, &info) != 0) {
    return SystemError(errno, "read", path);
  }
  if (S_ISDIR(info.st_mode)) {
    return SystemError(EISDIR, "read", path);
  }
  if (S_ISREG(info.st_mode)) {
    stream->may_wait_ = false;
    stream->size_ = static_cast<std::uint64_t>(info.st_size);
    stream->device_ = info.st_dev;
    stream->inode_ = info.st_ino;
    // Standard input may be a regular file, too, but has no path to open it again.
    stream->may_reopen_ = path != "-";
    if (stream->may_reopen_) {
      CountOpenedFile();
    }
    // Advice only: a file system that ignores it reads all the same.
    static_cast<void>(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL));
  }
  return stream;
}

FileStream::FileStream(std::string path, int fd, const std::atomic<bool>* stop)
    : path_(std::move(path)), fd_(fd), stop_(stop) {}

FileStream::~FileStream() {
  Close();
}

void FileStream::Close() {
  if (fd_ < 0 || path_ == "-") {
    return;
  }
  close(fd_);
  fd_ = -1;
  if (may_reopen_) {
    CountClosedFile();
  }
}

absl::Status FileStream::Reopen() {
  if (fd_ >= 0) {
    return absl::OkStatus();
  }
  fd_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd_ < 0) {
    return SystemError(errno, "open", path_);
  }
  CountOpenedFile();
  struct stat info {};
  if (fstat(fd_, &info) != 0 || lseek(fd_, static_cast<off_t>(offset_), SEEK_SET) < 0) {
    return SystemError(errno, "read", path_);
  }
  if (info.st_dev != device_ || info.st_ino != inode_) {
    return absl::AbortedError(
        absl::StrFormat("cannot read %s on: another file has taken its place", path_));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::size_t> FileStream::Read(char* data, std::size_t size) {
  RETURN_IF_ERROR(Reopen());
  ASSIGN_OR_RETURN(const std::size_t count, ReadSome(data, size));
  offset_ += count;
  if (may_reopen_ && AreTooManyFilesOpen()) {
    Close();
  }
  return count;
}

absl::StatusOr<std::size_t> FileStream::ReadSome(char* data, std::size_t size) {
  while (true) {
    if (may_wait_ && !WaitForData()) {
      return 0U;
    }
    const ssize_t count = read(fd_, data, size);
    if (count >= 0) {
      return static_cast<std::size_t>(count);
    }
    if (errno != EINTR && errno != EAGAIN) {
      return SystemError(errno, "read", path_);
    }
  }
}

bool FileStream::WaitForData() const {
  // A signal may be handled by another thread, so a plain read would not wake up for it.
  while (stop_ == nullptr || !stop_->load(std::memory_order_relaxed)) {
    pollfd waiting{.fd = fd_, .events = POLLIN, .revents = 0};
    const int result = poll(&waiting, 1, kPollMilliseconds);
    if (result > 0 || (result < 0 && errno != EINTR)) {
      return true;  // if polling does not work, reading says why
    }
  }
  return false;
}

std::string FileStream::PeekStart(std::size_t size) const {
  if (may_wait_) {
    return {};
  }
  std::string start(size, '\0');
  const ssize_t count = pread(fd_, start.data(), size, lseek(fd_, 0, SEEK_CUR));
  start.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return start;
}

bool IsRegularFile(const std::string& path) {
  struct stat info {};
  return path != "-" && stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

}  // namespace hark::ingest
