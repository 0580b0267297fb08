#include "cli/data_dir_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"

namespace hark::cli {

absl::StatusOr<std::optional<DataDirLock>> DataDirLock::TryLock(const std::string& data_dir) {
  // The daemon makes the file and never removes it: whoever has opened it has the one that counts.
  const std::string path = data_dir + "/lock";
  const int file = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) {
    return absl::ErrnoToStatus(
        errno, absl::StrFormat("%s: cannot open %s; is it the data_dir of a hark daemon?", data_dir,
                               path));
  }
  std::optional<DataDirLock> lock(DataDirLock{file});
  if (flock(file, LOCK_SH | LOCK_NB) == 0) {
    return lock;
  }
  if (errno == EWOULDBLOCK) {
    return std::optional<DataDirLock>();
  }
  return absl::ErrnoToStatus(errno, absl::StrFormat("cannot lock %s", path));
}

DataDirLock::DataDirLock(DataDirLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

DataDirLock::~DataDirLock() {
  if (file_ >= 0) {
    close(file_);
  }
}

}  // namespace hark::cli
