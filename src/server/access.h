#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"

#include "base/mutex.h"
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

// What the callers of protected routes must show: off loopback the bearer token. On loopback a
// request passes without one, unless it may be a web page's, sent by a browser on this machine:
// one with an Origin, or for a host that is neither an address nor "localhost" (a name that was
// made to resolve to 127.0.0.1). Thread-safe.
class AccessControl {
 public:
  enum class Decision : std::uint8_t { kAllowed, kNeedsToken, kForeignPage };

  // Without a file no token is valid. LoadToken() must have succeeded before requests come.
  explicit AccessControl(std::string token_file) : token_file_(std::move(token_file)) {}

  // Reads the file, at start and at each reload. On failure the old token stays. A token has 16 to
  // 4,096 visible ASCII characters; white space around it is no part of it.
  absl::Status LoadToken() ABSL_LOCKS_EXCLUDED(mutex_);

  // Takes as long for a token that is nearly right as for any other.
  Decision Decide(Peer peer, const Request& request) const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  bool ShowsToken(const Request& request) const ABSL_LOCKS_EXCLUDED(mutex_);

  const std::string token_file_;
  mutable Mutex mutex_;
  std::optional<std::string> token_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hark::server
