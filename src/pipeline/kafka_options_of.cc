#include "pipeline/kafka_options_of.h"

#include <cstddef>
#include <string>

#include "absl/strings/str_join.h"

namespace hark::pipeline {
namespace {

std::string MechanismOf(config::KafkaMechanism mechanism) {
  switch (mechanism) {
    case config::KafkaMechanism::kNone:
      return "";
    case config::KafkaMechanism::kPlain:
      return "PLAIN";
    case config::KafkaMechanism::kScramSha256:
      return "SCRAM-SHA-256";
    case config::KafkaMechanism::kScramSha512:
      return "SCRAM-SHA-512";
  }
  return "";
}

}  // namespace

ingest::KafkaOptions KafkaOptionsOf(const config::KafkaSourceConfig& entry,
                                    const config::LimitsConfig& limits) {
  ingest::KafkaOptions options;
  options.name = entry.name;
  options.cluster = entry.cluster;
  options.brokers = absl::StrJoin(entry.brokers, ",");
  options.topics = entry.topics;
  options.group = entry.group;
  options.instance = entry.instance;
  options.from_start = entry.from_start;
  options.sasl = {.mechanism = MechanismOf(entry.sasl.mechanism),
                  .username = entry.sasl.username,
                  .password_file = entry.sasl.password_file};
  options.tls = {.enabled = entry.tls.enabled,
                 .ca_file = entry.tls.ca_file,
                 .cert_file = entry.tls.cert_file,
                 .key_file = entry.tls.key_file,
                 .key_password_file = entry.tls.key_password_file};
  for (const config::KafkaPropertyConfig& property : entry.properties) {
    options.properties.emplace(property.name, property.value);
  }
  options.limits.max_record_bytes = static_cast<std::size_t>(limits.max_record_bytes);
  return options;
}

}  // namespace hark::pipeline
