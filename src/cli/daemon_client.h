#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace hark::cli {

// Asks a running daemon over the Unix socket in its data_dir (HTTP/1.1 without TLS: who may open
// the socket owns the data). The one place that knows libcurl in this folder. Not thread-safe.
class DaemonClient {
 public:
  explicit DaemonClient(std::string socket_path) : socket_path_(std::move(socket_path)) {}

  // The body of the answer to GET `target`, "/api/v1/alerts?limit=5". Unavailable if nobody answers
  // within 30 s; for any answer but 200 an error with the beginning of its body: NotFound for 404,
  // InvalidArgument for other 4xx, else Unavailable. Answers over 64 MiB are an error.
  absl::StatusOr<std::string> Get(const std::string& target) const {
    return Send("GET", target, "");
  }
  // The same for any method; `body` only for those that have one.
  absl::StatusOr<std::string> Send(const std::string& method, const std::string& target,
                                   const std::string& body) const;

 private:
  std::string socket_path_;
};

// The error that an answer with that status is. The message is what its JSON says, else the
// beginning of its body.
absl::Status ErrorOf(long http_status, const std::string& body);

}  // namespace hark::cli
