#include "config/sources_checks.h"

#include <cstddef>
#include <map>
#include <string>

#include "absl/strings/str_format.h"

#include "base/byte_size.h"
#include "base/cluster_name.h"
#include "base/listen_address.h"

namespace hark::config {
namespace {

class WebhookChecks {
 public:
  explicit WebhookChecks(const ReportProblem& report) : report_(report) {}

  void Check(const WebhookSourceConfig& webhook, const std::string& path) {
    CheckListen(webhook, path);
    const TlsServerConfig& tls = webhook.tls;
    if (tls.cert_file.empty() != tls.key_file.empty()) {
      report_(path + ".tls", absl::StrFormat("'%s.tls' needs both cert_file and key_file", path));
    }
    if (tls.cert_file.empty() && !tls.client_ca_file.empty()) {
      report_(path + ".tls.client_ca_file",
              absl::StrFormat("'%s.tls.client_ca_file' needs cert_file and key_file", path));
    }
    for (std::size_t i = 0; i < webhook.clients.size(); ++i) {
      CheckClient(webhook.clients[i], !tls.client_ca_file.empty(),
                  absl::StrFormat("%s.clients[%d]", path, i));
    }
  }

 private:
  void CheckListen(const WebhookSourceConfig& webhook, const std::string& path) {
    const absl::StatusOr<ListenAddress> address = ParseListenAddress(webhook.listen);
    if (!address.ok()) {
      report_(path + ".listen",
              absl::StrFormat("'%s.listen': %s", path, std::string(address.status().message())));
      return;
    }
    const auto [first, is_new] = listeners_.try_emplace(webhook.listen, path);
    if (!is_new && !webhook.listen.ends_with(":0")) {
      report_(path + ".listen",
              absl::StrFormat("'%s.listen' is the address of %s, too", path, first->second));
    }
    if (!address->is_loopback() && webhook.tls.cert_file.empty()) {
      report_(path + ".listen",
              absl::StrFormat("'%s.listen' is not loopback, so it needs tls.cert_file and key_file",
                              path));
    }
    if (!address->is_loopback() && webhook.clients.empty()) {
      report_(path + ".listen",
              absl::StrFormat("'%s.listen' is not loopback, so it needs clients", path));
    }
  }

  void CheckClient(const WebhookClientConfig& client, bool has_client_ca, const std::string& path) {
    if (client.certificate_name.empty() == client.token_file.empty()) {
      report_(path + ".certificate_name",
              absl::StrFormat("'%s' needs either certificate_name or token_file", path));
    }
    if (!client.certificate_name.empty() && !has_client_ca) {
      report_(path + ".certificate_name",
              absl::StrFormat("'%s.certificate_name' needs tls.client_ca_file", path));
    }
    if (client.clusters.empty()) {
      report_(path + ".clusters", absl::StrFormat("'%s.clusters' must not be empty", path));
    }
    for (const std::string& cluster : client.clusters) {
      if (!IsClusterName(cluster)) {
        report_(path + ".clusters",
                absl::StrFormat("'%s.clusters': \"%s\" is no name of a cluster that posts: 1 to "
                                "253 letters, digits, dots, hyphens and underscores, the first "
                                "one a letter or digit",
                                path, cluster));
      }
    }
  }

  const ReportProblem& report_;
  std::map<std::string, std::string> listeners_;  // paths by addresses
};

}  // namespace

void CheckWebhookSources(const Config& config, const ReportProblem& report) {
  WebhookChecks checks(report);
  for (std::size_t i = 0; i < config.sources.webhooks.size(); ++i) {
    checks.Check(config.sources.webhooks[i], absl::StrFormat("sources.webhooks[%d]", i));
  }
  const LimitsConfig& limits = config.limits;
  if (limits.max_webhook_memory_bytes < limits.max_webhook_body_bytes) {
    report("limits.max_webhook_memory_bytes",
           absl::StrFormat("'limits.max_webhook_memory_bytes' is %s, but one body may have %s",
                           FormatByteSize(limits.max_webhook_memory_bytes),
                           FormatByteSize(limits.max_webhook_body_bytes)));
  }
}

}  // namespace hark::config
