#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hark/event.h"

#include "config/kafka_config.h"
#include "config/outputs_config.h"
#include "config/webhook_sources_config.h"

namespace hark::config {

constexpr Micros kSecond = 1'000'000;
constexpr Micros kHour = 3600 * kSecond;
constexpr std::int64_t kMebibyte = std::int64_t{1} << 20;

struct RulesConfig {
  std::vector<std::string> paths;  // empty: the shipped rules
  friend bool operator==(const RulesConfig&, const RulesConfig&) = default;
};

// Log files that are followed.
struct FileSourceConfig {
  std::string path;     // a file, a folder or a glob
  std::string cluster;  // empty: that of Config
  Micros lateness = 5 * kSecond;
  bool from_start = false;
  friend bool operator==(const FileSourceConfig&, const FileSourceConfig&) = default;
};

struct SourcesConfig {
  std::vector<FileSourceConfig> files;
  std::vector<WebhookSourceConfig> webhooks;
  std::vector<KafkaSourceConfig> kafka;
  friend bool operator==(const SourcesConfig&, const SourcesConfig&) = default;
};

struct StateConfig {
  std::int64_t max_bytes = 512 * kMebibyte;
  friend bool operator==(const StateConfig&, const StateConfig&) = default;
};

struct FactLogConfig {
  std::int64_t segment_bytes = 64 * kMebibyte;
  std::int64_t max_bytes = 4096 * kMebibyte;
  friend bool operator==(const FactLogConfig&, const FactLogConfig&) = default;
};

struct SnapshotConfig {
  Micros interval = 60 * kSecond;
  std::int64_t bytes = 256 * kMebibyte;  // of fact log
  friend bool operator==(const SnapshotConfig&, const SnapshotConfig&) = default;
};

// What of the alerts is kept once it is delivered.
struct AlertsConfig {
  Micros max_age = Micros{90} * 24 * 3600 * kSecond;
  std::int64_t max_bytes = 4096 * kMebibyte;
  Micros dead_letters_max_age = Micros{30} * 24 * 3600 * kSecond;
  friend bool operator==(const AlertsConfig&, const AlertsConfig&) = default;
};

struct AdminConfig {
  std::string listen = "127.0.0.1:9881";
  std::string token_file;  // empty: no token
  friend bool operator==(const AdminConfig&, const AdminConfig&) = default;
};

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarn, kError };
enum class LogFormat : std::uint8_t { kText, kJson };

struct LogConfig {
  LogLevel level = LogLevel::kInfo;
  LogFormat format = LogFormat::kText;
  friend bool operator==(const LogConfig&, const LogConfig&) = default;
};

struct QuarantineConfig {
  std::string path;  // empty: no quarantine
  bool raw = false;
  friend bool operator==(const QuarantineConfig&, const QuarantineConfig&) = default;
};

struct ShutdownConfig {
  Micros deadline = 30 * kSecond;
  friend bool operator==(const ShutdownConfig&, const ShutdownConfig&) = default;
};

struct LimitsConfig {
  std::int64_t max_record_bytes = 64 * kMebibyte;
  std::int64_t max_webhook_body_bytes = 128 * kMebibyte;
  std::int64_t max_webhook_memory_bytes = 512 * kMebibyte;
  friend bool operator==(const LimitsConfig&, const LimitsConfig&) = default;
};

// All that can be configured. A new one holds the defaults; what each setting means stands in
// config_schema.cc. A value: copies are independent, and two can be compared.
struct Config {
  std::string data_dir;  // empty: a temporary folder, removed at exit
  std::string cluster;   // empty: what a wrapper of the event calls it, else "default"
  RulesConfig rules;
  SourcesConfig sources;
  StateConfig state;
  FactLogConfig fact_log;
  SnapshotConfig snapshot;
  AlertsConfig alerts;
  OutputsConfig outputs;
  std::vector<SilenceConfig> silences;
  AdminConfig admin;
  LogConfig log;
  QuarantineConfig quarantine;
  ShutdownConfig shutdown;
  LimitsConfig limits;
  friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace hark::config
