#include "config/sources_schema.h"

#include "config/config.h"
#include "config/kafka_schema.h"
#include "config/section_of.h"
#include "config/value_types.h"
#include "config/webhook_sources_config.h"

namespace hark::config {
namespace {

using SectionPtr = std::shared_ptr<const Section>;

constexpr Micros kDay = Micros{24} * 3600 * kSecond;

template <typename Owner>
void AddLateness(SectionOf<Owner>& section, Micros Owner::*lateness) {
  section.Value("lateness", lateness, Between(ValueKind::kDuration, 0, kDay),
                "How far an event may be behind a later one of the same source and still be "
                "judged in its place.");
}

SectionPtr FileSection() {
  SectionOf<FileSourceConfig> section;
  section
      .Value("path", &FileSourceConfig::path, Of(ValueKind::kPath),
             "A log file, a folder of log files or a glob such as /var/log/audit/*.log. Files "
             "that appear later are read, too.")
      .Required()
      .Value("cluster", &FileSourceConfig::cluster, OrEmpty(ValueKind::kText),
             "The cluster that these events are from; empty: the setting cluster.");
  AddLateness(section, &FileSourceConfig::lateness);
  section.Value("from_start", &FileSourceConfig::from_start, Of(ValueKind::kBool),
                "Whether a log that is seen for the first time is read from its beginning "
                "instead of from its present end.");
  return section.Build();
}

SectionPtr TlsSection() {
  return SectionOf<TlsServerConfig>()
      .Value("cert_file", &TlsServerConfig::cert_file, OrEmpty(ValueKind::kPath),
             "The listener's certificate (PEM), followed by those of intermediate CAs. Needed "
             "off loopback.")
      .Value("key_file", &TlsServerConfig::key_file, OrEmpty(ValueKind::kSecretFile),
             "The key of that certificate (PEM).")
      .Value("client_ca_file", &TlsServerConfig::client_ca_file, OrEmpty(ValueKind::kPath),
             "The CAs (PEM) that the certificates of clients must be signed by.")
      .Build();
}

SectionPtr ClientSection() {
  return SectionOf<WebhookClientConfig>()
      .Value("certificate_name", &WebhookClientConfig::certificate_name, OrEmpty(ValueKind::kText),
             "A DNS name or URI of the client's certificate or, if it has neither, its common "
             "name.")
      .Value("token_file", &WebhookClientConfig::token_file, OrEmpty(ValueKind::kSecretFile),
             "A file with the bearer token that the client shows, in place of a certificate.")
      .Values("clusters", &WebhookClientConfig::clusters, Of(ValueKind::kText),
              "The clusters that it may post for, as /audit/CLUSTER.")
      .Build();
}

SectionPtr WebhookSection() {
  SectionOf<WebhookSourceConfig> section;
  section
      .Value("listen", &WebhookSourceConfig::listen, Of(ValueKind::kAddress),
             "The IP address and port where API servers reach hark, such as 0.0.0.0:9880.")
      .Required()
      .Map("tls", &WebhookSourceConfig::tls, TlsSection(),
           "How API servers trust the listener, and it them. Files are read again at a reload.")
      .Maps("clients", &WebhookSourceConfig::clients, ClientSection(),
            "Who may post, and for which clusters. Needed off loopback; none: anybody on this "
            "machine, for any cluster.");
  AddLateness(section, &WebhookSourceConfig::lateness);
  return section.Build();
}

}  // namespace

SectionPtr SourcesSection() {
  return SectionOf<SourcesConfig>()
      .Maps("files", &SourcesConfig::files, FileSection(), "Audit log files that are followed.")
      .Maps("webhooks", &SourcesConfig::webhooks, WebhookSection(),
            "Listeners that API servers post audit events to.")
      .Maps("kafka", &SourcesConfig::kafka, KafkaSection(),
            "Topics of Kafka that are read (docs/kafka.md).")
      .Build();
}

}  // namespace hark::config
