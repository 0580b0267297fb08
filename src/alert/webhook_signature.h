#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "alert/http_destination.h"
#include "alert/revision.h"

namespace hark::alert {

// Of Standard Webhooks 1.0: the same for all attempts of a revision, so that a receiver knows one
// that it has seen.
std::string WebhookId(const Revision& revision);

// Secrets that sign a request (Standard Webhooks 1.0, symmetric: HMAC-SHA256 over
// "id.timestamp.body"). Each secret signs, so that a receiver may have either while one replaces
// the other. Immutable.
class WebhookSigner {
 public:
  // A secret is "whsec_" and 24 to 64 bytes in base64. No message holds any of it.
  static absl::StatusOr<WebhookSigner> Create(const std::vector<std::string>& secrets);

  // webhook-id, webhook-timestamp and, if there is a secret, webhook-signature. The time is that of
  // the attempt: receivers refuse old ones.
  HttpHeaders Headers(std::string_view id, absl::Time now, std::string_view body) const;

 private:
  explicit WebhookSigner(std::vector<std::string> keys) : keys_(std::move(keys)) {}

  std::vector<std::string> keys_;
};

}  // namespace hark::alert
