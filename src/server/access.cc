#include "server/access.h"

#include <arpa/inet.h>
#include <strings.h>

#include <string_view>

#include "base/listen_address.h"
#include "base/status_macros.h"

namespace hark::server {
namespace {

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

}  // namespace

bool MayBeForeignPage(const Headers& headers) {
  return headers.contains("origin") || !IsLiteralOrLocalhost(Header(headers, "host"));
}

Peer PeerOf(const sockaddr* address) {
  return IsLoopback(address) ? Peer::kLoopback : Peer::kRemote;
}

absl::Status AccessControl::LoadToken() {
  if (token_file_.empty()) {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const BearerToken token, BearerToken::Read(token_file_));
  const MutexLock lock(mutex_);
  token_ = token;
  return absl::OkStatus();
}

bool AccessControl::ShowsToken(const Request& request) const {
  const std::string_view authorization = Header(request.headers, "authorization");
  const MutexLock lock(mutex_);
  return token_ && token_->IsShownBy(authorization);
}

AccessControl::Decision AccessControl::Decide(Peer peer, const Request& request) const {
  if (peer == Peer::kUnixSocket || ShowsToken(request)) {
    return Decision::kAllowed;
  }
  if (peer == Peer::kRemote) {
    return Decision::kNeedsToken;
  }
  return MayBeForeignPage(request.headers) ? Decision::kForeignPage : Decision::kAllowed;
}

}  // namespace hark::server
