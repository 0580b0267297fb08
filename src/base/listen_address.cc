#include "base/listen_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>

#include "base/status_macros.h"

namespace hark {
namespace {

constexpr unsigned kLoopbackNet = 127;

std::optional<std::uint16_t> ParsePort(std::string_view text) {
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, port);
  return error == std::errc() && rest == end ? std::optional(port) : std::nullopt;
}

}  // namespace

bool IsLoopback(const sockaddr* address) {
  if (address == nullptr) {
    return false;
  }
  if (address->sa_family == AF_INET) {
    const auto* const v4 = reinterpret_cast<const sockaddr_in*>(address);
    return ntohl(v4->sin_addr.s_addr) >> 24 == kLoopbackNet;
  }
  if (address->sa_family == AF_INET6) {
    const in6_addr& v6 = reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
    constexpr std::size_t kMappedNetByte = 12;
    return IN6_IS_ADDR_LOOPBACK(&v6) ||
           (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[kMappedNetByte] == kLoopbackNet);
  }
  return false;
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

}  // namespace hark
