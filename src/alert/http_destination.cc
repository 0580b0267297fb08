#include "alert/http_destination.h"

#include <utility>

#include "base/status_macros.h"

namespace hark::alert {

absl::StatusOr<std::unique_ptr<Destination>> HttpDestination::Create(HttpDestinationOptions options,
                                                                     MakeMessage make_message) {
  ASSIGN_OR_RETURN(std::unique_ptr<HttpSender> sender, HttpSender::Create(options.http));
  return std::unique_ptr<Destination>(
      new HttpDestination(std::move(options), std::move(make_message), std::move(sender)));
}

void HttpDestination::Begin(Batch batch, Done done) {
  absl::StatusOr<HttpMessage> message = make_message_(*batch.front(), options_.clock->Now());
  if (!message.ok()) {
    done({.outcome = Outcome::kRejected, .reason = std::string(message.status().message())});
    return;
  }
  HttpRequest request = {
      .url = options_.url, .headers = options_.headers, .body = std::move(message->body)};
  request.headers.insert(request.headers.end(), message->headers.begin(), message->headers.end());
  sender_->Post(std::move(request),
                [done = std::move(done)](const HttpAnswer& answer) { done(ToAttempt(answer)); });
}

}  // namespace hark::alert
