#include "config/kafka_schema.h"

#include <array>
#include <string_view>

#include "config/config.h"
#include "config/kafka_config.h"
#include "config/section_of.h"
#include "config/value_types.h"

namespace hark::config {
namespace {

// In the order of the enum.
constexpr std::array<std::string_view, 4> kMechanisms = {"none", "PLAIN", "SCRAM-SHA-256",
                                                         "SCRAM-SHA-512"};

using SectionPtr = std::shared_ptr<const Section>;

SectionPtr SaslSection() {
  return SectionOf<KafkaSaslConfig>()
      .Value("mechanism", &KafkaSaslConfig::mechanism, OneOf(kMechanisms),
             "How the brokers are told who hark is. PLAIN shows them the password, so it needs "
             "tls.")
      .Value("username", &KafkaSaslConfig::username, OrEmpty(ValueKind::kText),
             "The name of the user; of Azure Event Hubs $ConnectionString.")
      .Value("password_file", &KafkaSaslConfig::password_file, OrEmpty(ValueKind::kSecretFile),
             "A file with the password; of Azure Event Hubs the connection string.")
      .Build();
}

SectionPtr BrokerTlsSection() {
  return SectionOf<KafkaTlsConfig>()
      .Value("enabled", &KafkaTlsConfig::enabled, Of(ValueKind::kBool),
             "Whether the brokers are spoken to over TLS.")
      .Value("ca_file", &KafkaTlsConfig::ca_file, OrEmpty(ValueKind::kPath),
             "The certificates (PEM) that the brokers' must be signed by; empty: the system's.")
      .Value("cert_file", &KafkaTlsConfig::cert_file, OrEmpty(ValueKind::kPath),
             "hark's own certificate (PEM), for brokers that ask for one.")
      .Value("key_file", &KafkaTlsConfig::key_file, OrEmpty(ValueKind::kSecretFile),
             "The key of that certificate.")
      .Value("key_password_file", &KafkaTlsConfig::key_password_file,
             OrEmpty(ValueKind::kSecretFile),
             "A file with the password of that key, if it is encrypted.")
      .Build();
}

SectionPtr PropertySection() {
  return SectionOf<KafkaPropertyConfig>()
      .Value("name", &KafkaPropertyConfig::name, Of(ValueKind::kText),
             "The name that librdkafka gives it.")
      .Required()
      .Value("value", &KafkaPropertyConfig::value, OrEmpty(ValueKind::kText), "What it is set to.")
      .Build();
}

}  // namespace

SectionPtr KafkaSection() {
  return SectionOf<KafkaSourceConfig>()
      .Value("name", &KafkaSourceConfig::name, OrEmpty(ValueKind::kText),
             "A part of the names of its sources: needed where topics of the same name are read "
             "from several Kafka clusters. Under another name they are new sources.")
      .Values(
          "brokers", &KafkaSourceConfig::brokers, Of(ValueKind::kText),
          "Some brokers of the Kafka cluster, such as kafka-0.kafka:9092. The others are found.")
      .Values("topics", &KafkaSourceConfig::topics, Of(ValueKind::kText),
              "The topics, by their whole names. hark reads all their partitions.")
      .Value("group", &KafkaSourceConfig::group, Of(ValueKind::kText),
             "The consumer group. Its offsets show how far hark is; where to read on it keeps "
             "itself.")
      .Value("instance", &KafkaSourceConfig::instance, OrEmpty(ValueKind::kText),
             "The name of this member of the group (static membership), the same after a restart; "
             "empty: the host's name, and behind it that of the entry. In a Kubernetes Deployment, "
             "where every pod has another host name, set one.")
      .Value("cluster", &KafkaSourceConfig::cluster, OrEmpty(ValueKind::kText),
             "The Kubernetes cluster that these events are from; empty: the setting cluster.")
      .Value("lateness", &KafkaSourceConfig::lateness,
             Between(ValueKind::kDuration, 0, Micros{24} * 3600 * kSecond),
             "How far an event may be behind a later one of the same partition and still be judged "
             "in its place.")
      .Value("from_start", &KafkaSourceConfig::from_start, Of(ValueKind::kBool),
             "Whether topics that hark has never read, and of which the group has committed "
             "nothing, are read from their first record instead of from their present end.")
      .Map("sasl", &KafkaSourceConfig::sasl, SaslSection(), "How hark proves who it is.")
      .Map("tls", &KafkaSourceConfig::tls, BrokerTlsSection(), "How the brokers are trusted.")
      .Maps("properties", &KafkaSourceConfig::properties, PropertySection(),
            "Settings of librdkafka that hark has none for, such as client.rack.")
      .Build();
}

}  // namespace hark::config
