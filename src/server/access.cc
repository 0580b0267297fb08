#include "server/access.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/crypto.h>
#include <strings.h>

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <iterator>

#include "base/hash128.h"
#include "base/status_macros.h"

namespace hark::server {
namespace {

constexpr std::size_t kMinToken = 16;
constexpr std::size_t kMaxToken = 4096;
constexpr std::string_view kWhiteSpace = " \t\r\n";

std::string_view Header(const Request& request, const std::string& name) {
  const auto found = request.headers.find(name);
  return found == request.headers.end() ? std::string_view() : found->second;
}

bool IsAddress(const std::string& text) {
  in6_addr ignored{};
  return inet_pton(AF_INET, text.c_str(), &ignored) == 1 ||
         inet_pton(AF_INET6, text.c_str(), &ignored) == 1;
}

// "localhost:9321", "127.0.0.1", "[::1]:9321". A request without Host is none of a browser.
bool IsLiteralOrLocalhost(std::string_view host) {
  if (host.empty()) {
    return true;
  }
  if (host.front() == '[') {
    return IsAddress(std::string(host.substr(1, host.find(']') - 1)));
  }
  const std::string name(host.substr(0, host.find(':')));
  return strcasecmp(name.c_str(), "localhost") == 0 || IsAddress(name);
}

bool MayBeForeignPage(const Request& request) {
  return request.headers.contains("origin") || !IsLiteralOrLocalhost(Header(request, "host"));
}

std::string_view Trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kWhiteSpace);
  if (begin == std::string_view::npos) {
    return {};
  }
  return text.substr(begin, text.find_last_not_of(kWhiteSpace) - begin + 1);
}

}  // namespace

Peer PeerOf(const sockaddr* address) {
  if (address == nullptr) {
    return Peer::kRemote;
  }
  constexpr unsigned kLoopbackNet = 127;
  if (address->sa_family == AF_INET) {
    const auto* const v4 = reinterpret_cast<const sockaddr_in*>(address);
    return ntohl(v4->sin_addr.s_addr) >> 24 == kLoopbackNet ? Peer::kLoopback : Peer::kRemote;
  }
  if (address->sa_family == AF_INET6) {
    const in6_addr& v6 = reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
    constexpr std::size_t kMappedNetByte = 12;
    const bool loopback = IN6_IS_ADDR_LOOPBACK(&v6) ||
                          (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[kMappedNetByte] == kLoopbackNet);
    return loopback ? Peer::kLoopback : Peer::kRemote;
  }
  return Peer::kRemote;
}

absl::Status AccessControl::LoadToken() {
  if (token_file_.empty()) {
    return absl::OkStatus();
  }
  std::ifstream file(token_file_, std::ios::binary);
  std::string text(kMaxToken + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.fail() && !file.eof())) {
    return absl::NotFoundError(absl::StrFormat("token file %s: cannot be read", token_file_));
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  const std::string_view token = Trim(text);
  const bool visible =
      std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (!visible || token.size() < kMinToken || text.size() > kMaxToken) {
    return InvalidArgument("token file %s: expected %d to %d visible ASCII characters", token_file_,
                           kMinToken, kMaxToken);
  }
  const MutexLock lock(mutex_);
  token_ = std::string(token);
  return absl::OkStatus();
}

bool AccessControl::ShowsToken(const Request& request) const {
  const std::string_view authorization = Header(request, "authorization");
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() <= kScheme.size() ||
      strncasecmp(authorization.data(), kScheme.data(), kScheme.size()) != 0) {
    return false;
  }
  const std::string_view shown = Trim(authorization.substr(kScheme.size()));
  const MutexLock lock(mutex_);
  if (!token_) {
    return false;
  }
  // Hashes have one length, so the time says nothing of the token's either.
  const Hash128 expected = HashParts({*token_});
  const Hash128 actual = HashParts({shown});
  return CRYPTO_memcmp(expected.data(), actual.data(), expected.size()) == 0;
}

AccessControl::Decision AccessControl::Decide(Peer peer, const Request& request) const {
  if (peer == Peer::kUnixSocket || ShowsToken(request)) {
    return Decision::kAllowed;
  }
  if (peer == Peer::kRemote) {
    return Decision::kNeedsToken;
  }
  return MayBeForeignPage(request) ? Decision::kForeignPage : Decision::kAllowed;
}

}  // namespace hark::server
