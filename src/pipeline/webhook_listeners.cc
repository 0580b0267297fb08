#include "pipeline/webhook_listeners.h"

#include <utility>

#include "base/status_macros.h"
#include "pipeline/receiver_options.h"

namespace hark::pipeline {
namespace {

WebhookIngest::Options IngestOptionsOf(const config::Config& config,
                                       const WebhookListeners::Options& options) {
  WebhookIngest::Options ingest = {
      .listeners = {},
      .threads = options.threads,
      .max_record_bytes = static_cast<std::size_t>(config.limits.max_record_bytes),
      .quarantine = options.quarantine};
  for (const config::WebhookSourceConfig& webhook : config.sources.webhooks) {
    ingest.listeners.push_back({.name = webhook.listen, .lateness = webhook.lateness});
  }
  return ingest;
}

}  // namespace

WebhookListeners::WebhookListeners(const config::Config& config, const Options& options,
                                   std::shared_ptr<const rules::RuleSet> rules,
                                   const SourceTable& past, const Parts& parts)
    : config_(config),
      parts_(parts),
      metrics_(parts.registry),
      budget_(static_cast<std::size_t>(config.limits.max_webhook_memory_bytes)),
      ingest_(IngestOptionsOf(config, options), parts.context, std::move(rules), past) {
  ingest_.Start();
}

WebhookListeners::~WebhookListeners() {
  Stop();
}

absl::Status WebhookListeners::Listen() {
  std::vector<std::unique_ptr<server::AuditReceiver>> receivers;
  for (const config::WebhookSourceConfig& webhook : config_.sources.webhooks) {
    ASSIGN_OR_RETURN(
        std::unique_ptr<server::AuditReceiver> receiver,
        server::AuditReceiver::Start(ReceiverOptionsOf(webhook, config_.limits), ingest_, budget_,
                                     metrics_, parts_.context.logger));
    ShowExpiry(*receiver);
    receivers.push_back(std::move(receiver));
  }
  receivers_ = std::move(receivers);
  return absl::OkStatus();
}

absl::Status WebhookListeners::Reload() {
  absl::Status status;
  for (const std::unique_ptr<server::AuditReceiver>& receiver : receivers_) {
    status.Update(receiver->Reload());
    ShowExpiry(*receiver);
  }
  return status;
}

void WebhookListeners::Stop() {
  for (const std::unique_ptr<server::AuditReceiver>& receiver : receivers_) {
    receiver->Stop();
  }
  ingest_.Stop();
}

std::vector<std::uint16_t> WebhookListeners::ports() const {
  std::vector<std::uint16_t> ports;
  for (const std::unique_ptr<server::AuditReceiver>& receiver : receivers_) {
    ports.push_back(receiver->port());
  }
  return ports;
}

std::vector<std::string> WebhookListeners::files() const {
  std::vector<std::string> files;
  for (const std::unique_ptr<server::AuditReceiver>& receiver : receivers_) {
    for (std::string& file : receiver->files()) {
      files.push_back(std::move(file));
    }
  }
  return files;
}

void WebhookListeners::ShowExpiry(const server::AuditReceiver& receiver) const {
  if (const std::optional<Micros> expiry = receiver.certificate_expiry()) {
    parts_.self_metrics.CertificateExpiry(receiver.listener(), *expiry);
  }
}

}  // namespace hark::pipeline
