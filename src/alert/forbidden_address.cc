#include "alert/forbidden_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>

namespace hark::alert {
namespace {

using Bytes = std::span<const std::uint8_t>;

template <std::size_t kSize>
bool StartsWith(Bytes address, const std::array<std::uint8_t, kSize>& prefix) {
  return std::equal(prefix.begin(), prefix.end(), address.begin());
}

template <std::size_t kSize, std::size_t kNumber>
bool IsOneOf(Bytes address, const std::array<std::array<std::uint8_t, kSize>, kNumber>& list) {
  return std::any_of(list.begin(), list.end(),
                     [address](const auto& each) { return StartsWith(address, each); });
}

bool IsForbiddenV4(Bytes address) {
  constexpr std::array<std::uint8_t, 2> kLinkLocal = {169, 254};
  // Where clouds serve metadata outside of it: Alibaba, Oracle, Azure.
  constexpr std::array<std::array<std::uint8_t, 4>, 3> kMetadata = {
      {{100, 100, 100, 200}, {192, 0, 0, 192}, {168, 63, 129, 16}}};
  return StartsWith(address, kLinkLocal) || IsOneOf(address, kMetadata);
}

bool IsForbiddenV6(Bytes address) {
  constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  constexpr std::array<std::uint8_t, 12> kCompatible = {};
  constexpr std::array<std::uint8_t, 12> kNat64 = {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0};
  constexpr std::array<std::uint8_t, 2> k6to4 = {0x20, 0x02};
  // fd00:ec2::254 and fd00:ec2::23 (of EKS's pods): Amazon. fd20:ce::254: Google.
  constexpr std::array<std::array<std::uint8_t, 16>, 3> kMetadata = {
      {{0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x54},
       {0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x23},
       {0xfd, 0x20, 0, 0xce, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x54}}};
  const bool is_link_local = address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
  if (is_link_local || IsOneOf(address, kMetadata)) {
    return true;
  }
  if (StartsWith(address, k6to4)) {
    return IsForbiddenV4(address.subspan(k6to4.size(), 4));
  }
  return (StartsWith(address, kMapped) || StartsWith(address, kCompatible) ||
          StartsWith(address, kNat64)) &&
         IsForbiddenV4(address.subspan(kMapped.size()));
}

}  // namespace

bool IsForbiddenAddress(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof(v4));
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &v4.sin_addr, bytes.size());
    return IsForbiddenV4(bytes);
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof(v6));
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return IsForbiddenV6(bytes);
  }
  return false;
}

}  // namespace hark::alert
