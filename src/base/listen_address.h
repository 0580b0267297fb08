#pragma once

#include <sys/socket.h>

#include <string_view>

#include "absl/status/statusor.h"

namespace hark {

// 127.0.0.0/8, ::1 and ::ffff:127.0.0.0/104. Null is not: what is not known is not trusted.
bool IsLoopback(const sockaddr* address);

// "127.0.0.1:9321", "[::1]:0", "localhost:9321" (127.0.0.1), "0.0.0.0:9321". Host names are not
// resolved: what is listened on must not depend on a name server.
struct ListenAddress {
  sockaddr_storage address{};
  socklen_t length = 0;

  const sockaddr* generic() const { return reinterpret_cast<const sockaddr*>(&address); }
  bool is_loopback() const { return IsLoopback(generic()); }
};
absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view text);

}  // namespace hark
