#pragma once

#include <string>
#include <vector>

#include "hark/event.h"

namespace hark::config {

struct TlsServerConfig {
  std::string cert_file, key_file;  // empty: no TLS
  std::string client_ca_file;       // empty: clients have no certificates
  friend bool operator==(const TlsServerConfig&, const TlsServerConfig&) = default;
};

// Somebody who posts audit events.
struct WebhookClientConfig {
  std::string certificate_name;
  std::string token_file;  // in place of it
  std::vector<std::string> clusters;
  friend bool operator==(const WebhookClientConfig&, const WebhookClientConfig&) = default;
};

// A listener that API servers post their audit events to.
struct WebhookSourceConfig {
  std::string listen;
  TlsServerConfig tls;
  std::vector<WebhookClientConfig> clients;  // empty: anybody, on loopback only
  Micros lateness = 35'000'000;
  friend bool operator==(const WebhookSourceConfig&, const WebhookSourceConfig&) = default;
};

}  // namespace hark::config
