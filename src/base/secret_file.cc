#include "base/secret_file.h"

#include <cerrno>
#include <cstddef>
#include <fstream>
#include <ios>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"

#include "base/status_macros.h"

namespace hark {

absl::StatusOr<std::string> ReadSecretFile(const std::string& path) {
  constexpr std::size_t kMaxBytes = std::size_t{64} << 10;
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxBytes + 1, '\0');
  errno = 0;
  if (!file.is_open()) {
    return absl::ErrnoToStatus(errno == 0 ? ENOENT : errno,
                               absl::StrFormat("cannot read %s", path));
  }
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMaxBytes) {
    return InvalidArgument("%s is longer than %d bytes", path, kMaxBytes);
  }
  absl::StripAsciiWhitespace(&text);
  if (text.empty()) {
    return InvalidArgument("%s is empty", path);
  }
  return text;
}

}  // namespace hark
