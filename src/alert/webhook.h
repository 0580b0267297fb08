#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "absl/status/statusor.h"

#include "alert/destination.h"
#include "alert/http_destination.h"
#include "alert/json_template.h"
#include "alert/webhook_signature.h"

namespace hark::alert {

enum class WebhookFormat : std::uint8_t { kNative, kCloudEvents, kTemplate };

struct WebhookOptions {
  HttpDestinationOptions destination;
  WebhookFormat format = WebhookFormat::kNative;
  std::optional<JsonTemplate> body_template;  // for kTemplate
  WebhookSigner signer;
};

// Any receiver of Standard Webhooks 1.0, in one of the formats of body_format.h.
// REQUIRES: the format kTemplate has a template.
absl::StatusOr<std::unique_ptr<Destination>> CreateWebhook(WebhookOptions options);

// An incoming webhook of Slack.
absl::StatusOr<std::unique_ptr<Destination>> CreateSlack(HttpDestinationOptions options);

}  // namespace hark::alert
