#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

#include "base/listen_address.h"

namespace hark::server {

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
