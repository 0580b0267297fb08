#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"

#include "base/mutex.h"
#include "server/bearer_token.h"
#include "server/http.h"

namespace hark::server {

// Where a request comes from.
enum class Peer : std::uint8_t {
  kUnixSocket,  // the file's mode has decided who may connect
  kLoopback,    // 127.0.0.0/8, ::1, ::ffff:127.0.0.0/104
  kRemote,
};

// Null is remote: what is not known is not trusted.
Peer PeerOf(const sockaddr* address);

// Was the request perhaps sent by a browser on this machine, for a web page of somebody else? One
// with an Origin, or for a host that is neither an address nor "localhost": a name that was made
// to resolve to 127.0.0.1.
bool MayBeForeignPage(const Headers& headers);

// What the callers of protected routes must show: off loopback the bearer token. On loopback a
// request passes without one, unless it may be a foreign page's. Thread-safe.
class AccessControl {
 public:
  enum class Decision : std::uint8_t { kAllowed, kNeedsToken, kForeignPage };

  // Without a file no token is valid. LoadToken() must have succeeded before requests come.
  explicit AccessControl(std::string token_file) : token_file_(std::move(token_file)) {}

  // Reads the file, at start and at each reload. On failure the old token stays.
  absl::Status LoadToken() ABSL_LOCKS_EXCLUDED(mutex_);

  Decision Decide(Peer peer, const Request& request) const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  bool ShowsToken(const Request& request) const ABSL_LOCKS_EXCLUDED(mutex_);

  const std::string token_file_;
  mutable Mutex mutex_;
  std::optional<BearerToken> token_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hark::server
