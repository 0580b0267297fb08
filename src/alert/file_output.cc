#include "alert/file_output.h"

#include <fcntl.h>
#include <stdio_ext.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <utility>

#include "absl/strings/str_format.h"

#include "alert/alert_json.h"
#include "base/status_macros.h"

namespace hark::alert {
namespace {

constexpr mode_t kPermissions = 0640;
// A file is read, too, to repair it. A pipe without a reader, or with a slow one, is no reason to
// wait: it is an error.
constexpr int kOpenFlags = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK;
constexpr std::string_view kAlertStart = "{\"schema\":\"hark.alert/";

absl::Status Failed(std::string_view what, const std::string& path) {
  return absl::ErrnoToStatus(errno, absl::StrFormat("cannot %s %s", what, path));
}

// Bytes from `offset` on, as many as fit and are there.
absl::StatusOr<std::size_t> ReadAt(int file, off_t offset, char* buffer, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = pread(file, buffer + done, size - done, offset + static_cast<off_t>(done));
    if (got < 0 && errno != EINTR) {
      return absl::ErrnoToStatus(errno, "pread");
    }
    if (got == 0) {
      break;
    }
    done += got > 0 ? static_cast<std::size_t>(got) : 0;
  }
  return done;
}

// Where the last line of a file of that size begins; `size` if it is finished.
absl::StatusOr<off_t> LastLineStart(int file, off_t size) {
  std::array<char, 1 << 16> buffer{};
  off_t end = size;
  while (end > 0) {
    const off_t start = std::max<off_t>(0, end - static_cast<off_t>(buffer.size()));
    ASSIGN_OR_RETURN(const std::size_t got,
                     ReadAt(file, start, buffer.data(), static_cast<std::size_t>(end - start)));
    const std::size_t newline = std::string_view(buffer.data(), got).rfind('\n');
    if (newline != std::string_view::npos) {
      return start + static_cast<off_t>(newline) + 1;
    }
    end = start;
  }
  return 0;
}

absl::Status RepairLastLine(int file, const std::string& path) {
  struct stat status {};
  if (fstat(file, &status) != 0) {
    return Failed("look at", path);
  }
  if (!S_ISREG(status.st_mode) || status.st_size == 0) {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const off_t start, LastLineStart(file, status.st_size));
  if (start == status.st_size) {
    return absl::OkStatus();
  }
  std::array<char, kAlertStart.size()> beginning{};
  const auto length =
      std::min<std::size_t>(beginning.size(), static_cast<std::size_t>(status.st_size - start));
  ASSIGN_OR_RETURN(const std::size_t got, ReadAt(file, start, beginning.data(), length));
  if (kAlertStart.starts_with(std::string_view(beginning.data(), got))) {
    return ftruncate(file, start) == 0 ? absl::OkStatus() : Failed("repair", path);
  }
  return write(file, "\n", 1) == 1 ? absl::OkStatus() : Failed("write to", path);
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileOutput>> FileOutput::Open(const std::string& path) {
  std::unique_ptr<FileOutput> output(new FileOutput(path));
  RETURN_IF_ERROR(output->OpenFile());
  return output;
}

absl::StatusOr<std::unique_ptr<FileOutput>> FileOutput::OpenLater(const std::string& path) {
  const int file = open(path.c_str(), kOpenFlags, kPermissions);
  if (file < 0) {
    return Failed("open", path);
  }
  close(file);
  return std::unique_ptr<FileOutput>(new FileOutput(path));
}

absl::Status FileOutput::OpenFile() {
  const int file = open(path_.c_str(), kOpenFlags, kPermissions);
  if (file < 0) {
    return Failed("open", path_);
  }
  file_.reset(fdopen(file, "a"));
  if (file_ == nullptr) {
    close(file);
    return Failed("open", path_);
  }
  writer_.emplace(file_.get());
  return Checked(RepairLastLine(file, path_));
}

absl::Status FileOutput::Prepare() {
  if (reopen_requested_.exchange(false) && file_ != nullptr) {
    const absl::Status status = Flush();
    file_.reset();
    RETURN_IF_ERROR(status);
  }
  return file_ == nullptr ? OpenFile() : absl::OkStatus();
}

absl::Status FileOutput::Checked(absl::Status status) {
  if (!status.ok() && file_ != nullptr) {
    // Closing it must not write what is left in its buffer, behind a line of which a part is
    // missing.
    __fpurge(file_.get());
    file_.reset();
    writer_.reset();
  }
  return status;
}

absl::Status FileOutput::Write(const Alert& alert) {
  return WriteLine(ToJson(alert));
}

absl::Status FileOutput::WriteLine(std::string_view json) {
  RETURN_IF_ERROR(Prepare());
  RETURN_IF_ERROR(Checked(writer_->Write(json)));
  return Checked(writer_->Write("\n"));
}

absl::Status FileOutput::Flush() {
  RETURN_IF_ERROR(Prepare());
  RETURN_IF_ERROR(Checked(writer_->Flush()));
  // A pipe or a device has nothing to sync.
  if (fdatasync(fileno(file_.get())) != 0 && errno != EINVAL && errno != EROFS) {
    return Checked(Failed("sync", path_));
  }
  return absl::OkStatus();
}

}  // namespace hark::alert
