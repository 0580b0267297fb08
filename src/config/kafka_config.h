#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hark/event.h"

namespace hark::config {

enum class KafkaMechanism : std::uint8_t { kNone, kPlain, kScramSha256, kScramSha512 };

struct KafkaSaslConfig {
  KafkaMechanism mechanism = KafkaMechanism::kNone;
  std::string username, password_file;
  friend bool operator==(const KafkaSaslConfig&, const KafkaSaslConfig&) = default;
};

struct KafkaTlsConfig {
  bool enabled = false;
  std::string ca_file;  // empty: the system's
  std::string cert_file, key_file, key_password_file;
  friend bool operator==(const KafkaTlsConfig&, const KafkaTlsConfig&) = default;
};

// One of librdkafka's.
struct KafkaPropertyConfig {
  std::string name, value;
  friend bool operator==(const KafkaPropertyConfig&, const KafkaPropertyConfig&) = default;
};

// Topics of one Kafka cluster that are read.
struct KafkaSourceConfig {
  std::string name;  // a part of the names of its sources; may be empty
  std::vector<std::string> brokers, topics;
  std::string group = "hark";
  std::string instance;  // empty: the host's name
  std::string cluster;   // empty: that of Config
  Micros lateness = 60'000'000;
  bool from_start = true;
  KafkaSaslConfig sasl;
  KafkaTlsConfig tls;
  std::vector<KafkaPropertyConfig> properties;
  friend bool operator==(const KafkaSourceConfig&, const KafkaSourceConfig&) = default;
};

}  // namespace hark::config
