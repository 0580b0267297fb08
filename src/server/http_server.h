#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "base/log.h"
#include "server/router.h"

namespace hark::server {

struct HttpServerOptions {
  std::string listen = {};       // see ParseListenAddress; port 0: any that is free. Empty: no TCP
  std::string unix_socket = {};  // path. Empty: none
  std::string token_file = {};   // must be given if `listen` is not a loopback address
  std::size_t max_body_bytes = std::size_t{64} * 1024;
  unsigned max_connections = 128;             // of each listener
  unsigned max_connections_per_address = 32;  // so that one host cannot take them all
  // From the end of its headers a request has that long until its answer is sent; a connection has
  // that long until the end of its first headers.
  absl::Duration request_deadline = absl::Seconds(30);
  // After an answer, until the end of the next headers.
  absl::Duration idle_deadline = absl::Seconds(75);
  // What running requests get when the server stops.
  absl::Duration stop_grace = absl::Seconds(3);
  Logger* log = nullptr;  // outlives the server; may be null
};

// What is wrong with the options, without listening: for `config check`.
absl::Status CheckHttpServerOptions(const HttpServerOptions& options);

// An HTTP/1.1 server without TLS over libmicrohttpd, on a TCP address, a Unix socket, or both.
// Handlers run on two threads a listener. Every answer has security headers and none names the
// server. What is too much is refused: 413 for a body, closed connections for the rest. Requests
// that are no HTTP are answered by libmicrohttpd itself, with a page in HTML.
// Thread-safe.
class HttpServer {
 public:
  // Listens when it returns.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const HttpServerOptions& options,
                                                           Router router);
  // Stops.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // 0 without a TCP listener.
  std::uint16_t port() const;

  // Reads the token file again. On failure the old token stays valid.
  absl::Status ReloadToken();

  // Accepts no more, waits at most stop_grace for the answers of running requests, then closes all
  // connections and waits for handlers. A second call does nothing. Not from a handler.
  void Stop();

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace hark::server
