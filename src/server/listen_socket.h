#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace hark::server {

// "127.0.0.1:9321", "[::1]:0", "localhost:9321" (127.0.0.1), "0.0.0.0:9321". Host names are not
// resolved: what is listened on must not depend on a name server.
struct ListenAddress {
  sockaddr_storage address{};
  socklen_t length = 0;

  bool is_loopback() const;
};
absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view text);

// A listening, non-blocking socket. Closes it, and removes the file of a Unix socket, at its end.
// Not thread-safe.
class ListenSocket {
 public:
  static absl::StatusOr<ListenSocket> Tcp(const ListenAddress& address);

  // The file gets mode 0600. A socket file that nobody listens on any more is replaced; anything
  // else at the path is an error.
  static absl::StatusOr<ListenSocket> Unix(const std::string& path);

  ListenSocket(ListenSocket&& other) noexcept;
  ListenSocket& operator=(ListenSocket&&) = delete;
  ~ListenSocket();

  int fd() const { return fd_; }
  // 0 for a Unix socket.
  std::uint16_t port() const;

 private:
  ListenSocket(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

  int fd_;
  std::string path_;
};

}  // namespace hark::server
