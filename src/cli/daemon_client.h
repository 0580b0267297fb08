#pragma once

#include <memory>
#include <string>

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
  absl::StatusOr<std::string> Get(const std::string& target) const;

 private:
  std::string socket_path_;
};

}  // namespace hark::cli
