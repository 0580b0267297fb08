#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hark/alert.h"
#include "hark/event.h"

namespace hark::config {

enum class AlertFormat : std::uint8_t { kTable, kJsonl };

struct StdoutOutputConfig {
  bool enabled = true;
  AlertFormat format = AlertFormat::kTable;
  Severity min_level = Severity::kLow;
  friend bool operator==(const StdoutOutputConfig&, const StdoutOutputConfig&) = default;
};

struct FileOutputConfig {
  std::string path;
  Severity min_level = Severity::kLow;
  friend bool operator==(const FileOutputConfig&, const FileOutputConfig&) = default;
};

struct HeaderConfig {
  std::string name;
  std::string value;
  std::string value_file;  // in place of `value`
  friend bool operator==(const HeaderConfig&, const HeaderConfig&) = default;
};

struct TlsClientConfig {
  std::string ca_file;  // empty: the system's
  std::string cert_file, key_file;
  friend bool operator==(const TlsClientConfig&, const TlsClientConfig&) = default;
};

// What all outputs over HTTP have.
struct HttpOutputConfig {
  std::string name;
  Severity min_level = Severity::kLow;
  std::vector<std::string> rules, tags;
  std::vector<HeaderConfig> headers;
  TlsClientConfig tls;
  std::string proxy;
  Micros timeout = 15'000'000;
  bool allow_link_local = false;
  Micros max_age = Micros{72} * 3600 * 1'000'000;
  std::int64_t max_bytes = std::int64_t{1} << 30;
  std::int64_t max_per_minute = 0;  // 0: no limit
  friend bool operator==(const HttpOutputConfig&, const HttpOutputConfig&) = default;
};

enum class BodyFormat : std::uint8_t { kNative, kCloudEvents, kTemplate };

struct WebhookConfig : HttpOutputConfig {
  std::string url;
  std::string url_file;  // in place of `url`
  BodyFormat format = BodyFormat::kNative;
  std::string template_file;
  std::vector<std::string> secret_files;
  std::int64_t concurrency = 4;
  friend bool operator==(const WebhookConfig&, const WebhookConfig&) = default;
};

struct AlertmanagerConfig : HttpOutputConfig {
  std::vector<std::string> urls;
  Micros resend = 60'000'000;
  friend bool operator==(const AlertmanagerConfig&, const AlertmanagerConfig&) = default;
};

struct SlackConfig : HttpOutputConfig {
  SlackConfig() { max_per_minute = 60; }  // what Slack allows
  std::string url_file;
  friend bool operator==(const SlackConfig&, const SlackConfig&) = default;
};

// Alerts that are kept from the outputs for some time.
struct SilenceConfig {
  std::string matchers, reason, author;
  std::string until;  // RFC 3339
  friend bool operator==(const SilenceConfig&, const SilenceConfig&) = default;
};

struct OutputsConfig {
  StdoutOutputConfig to_stdout;
  std::vector<FileOutputConfig> files;
  std::vector<WebhookConfig> webhooks;
  std::vector<AlertmanagerConfig> alertmanagers;
  std::vector<SlackConfig> slack;
  friend bool operator==(const OutputsConfig&, const OutputsConfig&) = default;
};

}  // namespace hark::config
