#include "server/listen_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"

#include "base/status_macros.h"

namespace hark::server {
namespace {

constexpr int kBacklog = 128;

absl::Status Failed(std::string_view what, std::string_view where) {
  return absl::ErrnoToStatus(errno, absl::StrFormat("%s %s", what, where));
}

absl::StatusOr<sockaddr_un> UnixAddress(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return InvalidArgument("socket %s: the path must have 1 to %d bytes", path,
                           sizeof(address.sun_path) - 1);
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

// A socket that a killed process left behind refuses connections.
absl::Status RemoveStale(const std::string& path, const sockaddr_un& address) {
  struct stat found {};
  if (lstat(path.c_str(), &found) != 0) {
    return errno == ENOENT ? absl::OkStatus() : Failed("cannot look at", path);
  }
  if (!S_ISSOCK(found.st_mode)) {
    return absl::AlreadyExistsError(absl::StrFormat("%s exists and is no socket", path));
  }
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return Failed("cannot open a socket for", path);
  }
  const bool refused =
      connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 &&
      errno == ECONNREFUSED;
  close(fd);
  if (!refused) {
    return absl::AlreadyExistsError(absl::StrFormat("another process listens on %s", path));
  }
  return unlink(path.c_str()) == 0 ? absl::OkStatus() : Failed("cannot remove", path);
}

}  // namespace

absl::StatusOr<ListenSocket> ListenSocket::Tcp(const ListenAddress& address) {
  ListenSocket result(
      socket(address.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "");
  constexpr int kOn = 1;
  if (result.fd_ < 0 || setsockopt(result.fd_, SOL_SOCKET, SO_REUSEADDR, &kOn, sizeof(kOn)) != 0 ||
      bind(result.fd_, address.generic(), address.length) != 0 ||
      listen(result.fd_, kBacklog) != 0) {
    return Failed("cannot listen on", "the configured address");
  }
  return result;
}

absl::StatusOr<ListenSocket> ListenSocket::Unix(const std::string& path) {
  ASSIGN_OR_RETURN(const sockaddr_un address, UnixAddress(path));
  RETURN_IF_ERROR(RemoveStale(path, address));
  ListenSocket result(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "");
  // The mode of the open socket becomes that of the file: there is no moment with a wider one.
  if (result.fd_ < 0 || fchmod(result.fd_, S_IRUSR | S_IWUSR) != 0 ||
      bind(result.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return Failed("cannot listen on", path);
  }
  result.path_ = path;
  if (chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0 || listen(result.fd_, kBacklog) != 0) {
    return Failed("cannot listen on", path);
  }
  return result;
}

ListenSocket::ListenSocket(ListenSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::exchange(other.path_, {})) {}

ListenSocket::~ListenSocket() {
  if (fd_ >= 0) {
    close(fd_);
  }
  if (!path_.empty()) {
    unlink(path_.c_str());
  }
}

std::uint16_t ListenSocket::port() const {
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  if (getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    return 0;
  }
  if (address.ss_family == AF_INET) {
    return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
  }
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port);
  }
  return 0;
}

}  // namespace hark::server
