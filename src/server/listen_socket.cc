#include "server/listen_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"

#include "base/status_macros.h"
#include "server/access.h"

namespace hark::server {
namespace {

constexpr int kBacklog = 128;

const sockaddr* Generic(const sockaddr_storage& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

absl::Status Failed(std::string_view what, std::string_view where) {
  return absl::ErrnoToStatus(errno, absl::StrFormat("%s %s", what, where));
}

std::optional<std::uint16_t> ParsePort(std::string_view text) {
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, port);
  return error == std::errc() && rest == end ? std::optional(port) : std::nullopt;
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

bool ListenAddress::is_loopback() const {
  return PeerOf(Generic(address)) == Peer::kLoopback;
}

absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const auto bad = [text] {
    return InvalidArgument(
        "listen address \"%s\": expected an IP address and a port, for example 127.0.0.1:9321 or "
        "[::1]:9321",
        text);
  };
  if (colon == std::string_view::npos) {
    return bad();
  }
  std::string host(text.substr(0, colon));
  const std::optional<std::uint16_t> port = ParsePort(text.substr(colon + 1));
  if (!port) {
    return bad();
  }
  ListenAddress result;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    auto* const v6 = reinterpret_cast<sockaddr_in6*>(&result.address);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(*port);
    result.length = sizeof(*v6);
    host = host.substr(1, host.size() - 2);
    return inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1
               ? absl::StatusOr<ListenAddress>(result)
               : bad();
  }
  auto* const v4 = reinterpret_cast<sockaddr_in*>(&result.address);
  v4->sin_family = AF_INET;
  v4->sin_port = htons(*port);
  result.length = sizeof(*v4);
  if (host == "localhost") {
    host = "127.0.0.1";
  }
  return inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1
             ? absl::StatusOr<ListenAddress>(result)
             : bad();
}

absl::StatusOr<ListenSocket> ListenSocket::Tcp(const ListenAddress& address) {
  ListenSocket result(
      socket(address.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "");
  constexpr int kOn = 1;
  if (result.fd_ < 0 || setsockopt(result.fd_, SOL_SOCKET, SO_REUSEADDR, &kOn, sizeof(kOn)) != 0 ||
      bind(result.fd_, Generic(address.address), address.length) != 0 ||
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
