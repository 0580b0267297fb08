#include "alert/http_destination.h"

#include <cerrno>
#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"

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

absl::StatusOr<std::string> ReadSecretFile(const std::string& path) {
  constexpr std::size_t kMaxBytes = std::size_t{64} << 10;
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxBytes + 1, '\0');
  errno = 0;
  if (!file.is_open()) {
    return absl::ErrnoToStatus(errno == 0 ? ENOENT : errno,
                               absl::StrFormat("cannot read %s", path));
  }
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMaxBytes) {
    return InvalidArgument("%s is longer than %d bytes", path, kMaxBytes);
  }
  absl::StripAsciiWhitespace(&text);
  if (text.empty()) {
    return InvalidArgument("%s is empty", path);
  }
  return text;
}

}  // namespace hark::alert
