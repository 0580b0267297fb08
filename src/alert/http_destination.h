#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "hark/clock.h"

#include "alert/destination.h"
#include "alert/http_sender.h"

namespace hark::alert {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

// The body and headers of the attempt to send one revision, at one moment. InvalidArgument if it
// cannot be said in that form: it becomes a dead letter. Called from one thread.
struct HttpMessage {
  HttpHeaders headers = {};
  std::string body = {};
};
using MakeMessage =
    std::function<absl::StatusOr<HttpMessage>(const StoredRevision& stored, absl::Time now)>;

struct HttpDestinationOptions {
  std::string url = {};
  HttpOptions http = {};
  HttpHeaders headers = {};  // of every request
  std::size_t concurrency = 1;
  const Clock* clock = &Clock::System();  // outlives the destination
};

// Posts each revision as a request of its own; the order of an alert's revisions is kept. An output
// for another service is another MakeMessage. As thread-safe as Destination says.
class HttpDestination final : public Destination {
 public:
  static absl::StatusOr<std::unique_ptr<Destination>> Create(HttpDestinationOptions options,
                                                             MakeMessage make_message);

  Traits traits() const override { return {.max_concurrency = options_.concurrency}; }
  void Begin(Batch batch, Done done) override;
  void Wait(absl::Duration at_most) override { sender_->Wait(at_most); }
  void Wake() override { sender_->Wake(); }

 private:
  HttpDestination(HttpDestinationOptions options, MakeMessage make_message,
                  std::unique_ptr<HttpSender> sender)
      : options_(std::move(options)),
        make_message_(std::move(make_message)),
        sender_(std::move(sender)) {}

  const HttpDestinationOptions options_;
  const MakeMessage make_message_;
  const std::unique_ptr<HttpSender> sender_;
};

}  // namespace hark::alert
