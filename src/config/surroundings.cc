#include "config/surroundings.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <string_view>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_format.h"

#include "base/status_macros.h"

namespace hark::config {
namespace {

constexpr std::size_t kMaxConfigFileBytes = std::size_t{4} << 20;
constexpr std::size_t kMaxValueFileBytes = std::size_t{64} << 10;

absl::Status CannotRead(const std::string& path) {
  return absl::ErrnoToStatus(errno, absl::StrFormat("cannot read %s", path));
}

absl::StatusOr<std::string> ReadAll(int file, const std::string& path, std::size_t max_bytes) {
  constexpr std::size_t kStep = std::size_t{64} << 10;
  std::string content;
  while (content.size() <= max_bytes) {
    const std::size_t size = content.size();
    content.resize(size + kStep);
    const ssize_t got = read(file, content.data() + size, kStep);
    content.resize(size + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) {
      return content;
    }
    if (got < 0 && errno != EINTR) {
      return CannotRead(path);
    }
  }
  return InvalidArgument("cannot read %s: it is larger than %d bytes", path, max_bytes);
}

}  // namespace

absl::StatusOr<std::string> ReadConfigFile(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return CannotRead(path);
  }
  const absl::Cleanup close_file = [file] { close(file); };
  return ReadAll(file, path, kMaxConfigFileBytes);
}

absl::StatusOr<std::string> ReadValueFile(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) {
    return CannotRead(path);
  }
  const absl::Cleanup close_file = [file] { close(file); };
  struct stat status = {};
  if (fstat(file, &status) != 0) {
    return CannotRead(path);
  }
  if (!S_ISREG(status.st_mode)) {
    return InvalidArgument("cannot read %s: it is no regular file", path);
  }
  ASSIGN_OR_RETURN(std::string content, ReadAll(file, path, kMaxValueFileBytes));
  if (content.ends_with('\n')) {
    content.pop_back();
  }
  return content;
}

Surroundings SystemSurroundings() {
  Surroundings surroundings;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view variable = *entry;
    const std::size_t equals = variable.find('=');
    if (equals != std::string_view::npos) {
      surroundings.variables.emplace(variable.substr(0, equals), variable.substr(equals + 1));
    }
  }
  surroundings.read_file = ReadValueFile;
  return surroundings;
}

}  // namespace hark::config
