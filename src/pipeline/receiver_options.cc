#include "pipeline/receiver_options.h"

#include <cstddef>

namespace hark::pipeline {

server::AuditReceiverOptions ReceiverOptionsOf(const config::WebhookSourceConfig& webhook,
                                               const config::LimitsConfig& limits) {
  server::AuditReceiverOptions options{
      .listen = webhook.listen,
      .cert_file = webhook.tls.cert_file,
      .key_file = webhook.tls.key_file,
      .client_ca_file = webhook.tls.client_ca_file,
      .limits = {.max_body_bytes = static_cast<std::size_t>(limits.max_webhook_body_bytes)}};
  for (const config::WebhookClientConfig& client : webhook.clients) {
    options.clients.push_back({.certificate_name = client.certificate_name,
                               .token_file = client.token_file,
                               .clusters = client.clusters});
  }
  return options;
}

}  // namespace hark::pipeline
