#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "config/config.h"
#include "metrics/receiver_metrics.h"
#include "metrics/registry.h"
#include "metrics/self_metrics.h"
#include "pipeline/quarantine.h"
#include "pipeline/webhook_ingest.h"
#include "server/audit_receiver.h"
#include "server/memory_budget.h"

namespace hark::pipeline {

// The audit webhook of a daemon: the listeners that a configuration names, one budget for all
// bodies that they hold, and what judges them. Thread-safe, but for Listen, Reload and Stop.
class WebhookListeners {
 public:
  struct Options {
    int threads = 1;
    Quarantine* quarantine = nullptr;  // may be null
  };
  // All of it outlives the listeners.
  struct Parts {
    const LiveContext& context;
    metrics::Registry& registry;
    const metrics::SelfMetrics& self_metrics;
  };
  // Judges, but does not listen yet. `past`: the sources as the fact log has them at its end.
  WebhookListeners(const config::Config& config, const Options& options,
                   std::shared_ptr<const rules::RuleSet> rules, const SourceTable& past,
                   const Parts& parts);
  ~WebhookListeners();
  WebhookListeners(const WebhookListeners&) = delete;
  WebhookListeners& operator=(const WebhookListeners&) = delete;

  // Listens at every address, or at none and says why.
  absl::Status Listen();
  // Reads certificates, CAs and tokens again. What cannot be used is left as it was; the first
  // such error is returned.
  absl::Status Reload();
  // Accepts no more, and waits some seconds for what was accepted.
  void Stop();

  WebhookIngest& ingest() { return ingest_; }
  // In the order of the configuration.
  std::vector<std::uint16_t> ports() const;
  // What Reload reads.
  std::vector<std::string> files() const;

 private:
  void ShowExpiry(const server::AuditReceiver& receiver) const;

  const config::Config& config_;
  const Parts parts_;
  metrics::ReceiverMetrics metrics_;
  server::MemoryBudget budget_;
  WebhookIngest ingest_;
  std::vector<std::unique_ptr<server::AuditReceiver>> receivers_;
};

}  // namespace hark::pipeline
