#include "alert/webhook.h"

#include <string>
#include <utility>

#include "alert/body_format.h"
#include "alert/slack_message.h"
#include "base/check.h"
#include "base/status_macros.h"

namespace hark::alert {
namespace {

absl::StatusOr<std::string> BodyOf(const WebhookOptions& options, const Revision& revision,
                                   const std::string& id) {
  switch (options.format) {
    case WebhookFormat::kNative:
      return NativeBody(revision);
    case WebhookFormat::kCloudEvents:
      return CloudEventsBody(revision, id);
    case WebhookFormat::kTemplate:
      break;
  }
  return options.body_template->Render(revision, id);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Destination>> CreateWebhook(WebhookOptions options) {
  HARK_CHECK(options.format != WebhookFormat::kTemplate || options.body_template.has_value());
  const HttpDestinationOptions destination = options.destination;
  return HttpDestination::Create(
      destination,
      [options = std::move(options)](const StoredRevision& stored,
                                     absl::Time now) -> absl::StatusOr<HttpMessage> {
        const std::string id = WebhookId(stored.revision);
        HttpMessage message;
        ASSIGN_OR_RETURN(message.body, BodyOf(options, stored.revision, id));
        message.headers = options.signer.Headers(id, now, message.body);
        message.headers.emplace_back("Content-Type",
                                     options.format == WebhookFormat::kCloudEvents
                                         ? "application/cloudevents+json; charset=utf-8"
                                         : "application/json");
        return message;
      });
}

absl::StatusOr<std::unique_ptr<Destination>> CreateSlack(HttpDestinationOptions options) {
  return HttpDestination::Create(
      std::move(options),
      [](const StoredRevision& stored, absl::Time /*now*/) -> absl::StatusOr<HttpMessage> {
        HttpMessage message = {.headers = {{"Content-Type", "application/json"}}};
        ASSIGN_OR_RETURN(message.body, SlackMessage(stored.revision));
        return message;
      });
}

}  // namespace hark::alert
