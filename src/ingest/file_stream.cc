#include "ingest/file_stream.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_format.h"

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
  stream->may_wait_ = !S_ISREG(info.st_mode);
  if (S_ISREG(info.st_mode)) {
    stream->size_ = static_cast<std::uint64_t>(info.st_size);
    // Advice only: a file system that ignores it reads all the same.
    static_cast<void>(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL));
  }
  return stream;
}

FileStream::FileStream(std::string path, int fd, const std::atomic<bool>* stop)
    : path_(std::move(path)), fd_(fd), stop_(stop) {}

FileStream::~FileStream() {
  if (fd_ != STDIN_FILENO) {
    close(fd_);
  }
}

absl::StatusOr<std::size_t> FileStream::Read(char* data, std::size_t size) {
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
