#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "alert/destination.h"

namespace hark::alert {

// How requests to one receiver are made. The files are read for each connection.
struct HttpOptions {
  std::string ca_file = {};                   // PEM; in place of the system's, if not empty
  std::string cert_file = {}, key_file = {};  // PEM; empty: no client certificate
  std::string proxy = {};                     // empty: none, whatever the environment says
  absl::Duration timeout = absl::Seconds(15);
  bool allow_link_local = false;  // connect to addresses that forbidden_address.h forbids
};

struct HttpRequest {
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
};

struct HttpAnswer {
  int status = 0;          // 0: no answer came
  std::string body = {};   // its beginning
  std::string error = {};  // why none came, or why it is not whole
  absl::Duration retry_after = {};
};

// Posts requests, several at a time, over connections that are kept. The one place in this folder
// that knows libcurl. Redirects are not followed. HTTP/1.1, so that a receiver that resets one
// connection breaks one request.
//
// All calls from one thread, but for Wake.
class HttpSender {
 public:
  using Done = std::function<void(const HttpAnswer&)>;

  // InvalidArgument if a file of the options cannot be read.
  static absl::StatusOr<std::unique_ptr<HttpSender>> Create(const HttpOptions& options);
  // What has not ended is broken off, and its `done` never called.
  ~HttpSender();
  HttpSender(const HttpSender&) = delete;
  HttpSender& operator=(const HttpSender&) = delete;

  // `done` is called within a later Wait.
  void Post(HttpRequest request, Done done);

  // As Destination's.
  void Wait(absl::Duration at_most);
  void Wake();

 private:
  struct Impl;
  explicit HttpSender(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

// What an answer means for a revision:
//
//   2xx                                  delivered
//   410                                  the receiver wants no more
//   no answer, or half of one; 5xx;      it may succeed later: this is about the receiver, the way
//   3xx; 401 403 404 407 408 421 423     to it, or the right to send, which somebody will put in
//   425 429                              order
//   all other 4xx                        this revision will never be accepted
Attempt ToAttempt(const HttpAnswer& answer);

}  // namespace hark::alert
