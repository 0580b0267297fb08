#include "config/outputs_schema.h"

#include <array>
#include <string_view>

#include "config/config.h"
#include "config/outputs_config.h"
#include "config/section_of.h"
#include "config/value_types.h"

namespace hark::config {
namespace {

// Each in the order of its enum.
constexpr std::array<std::string_view, 2> kAlertFormats = {"table", "jsonl"};
constexpr std::array<std::string_view, 3> kBodyFormats = {"native", "cloudevents", "template"};

using SectionPtr = std::shared_ptr<const Section>;

// A member of the base as one of the struct that is described.
template <typename Owner, typename T>
T Owner::*In(T HttpOutputConfig::*member) {
  return member;
}

SectionPtr StdoutSection() {
  return SectionOf<StdoutOutputConfig>()
      .Value("enabled", &StdoutOutputConfig::enabled, Of(ValueKind::kBool),
             "Whether alerts are written to standard output.")
      .Value("format", &StdoutOutputConfig::format, OneOf(kAlertFormats),
             "table for people, jsonl for programs (docs/alerts.md).")
      .Value("min_level", &StdoutOutputConfig::min_level, OneOf(kSeverities),
             "The lowest level of the alerts that are written.")
      .Build();
}

SectionPtr FileSection() {
  return SectionOf<FileOutputConfig>()
      .Value("path", &FileOutputConfig::path, Of(ValueKind::kPath),
             "The file to which a line of JSON is added for every change of an alert.")
      .Required()
      .Value("min_level", &FileOutputConfig::min_level, OneOf(kSeverities),
             "The lowest level of the alerts that are written.")
      .Build();
}

SectionPtr HeaderSection() {
  return SectionOf<HeaderConfig>()
      .Value("name", &HeaderConfig::name, Of(ValueKind::kText), "The name of the header.")
      .Required()
      .Value("value", &HeaderConfig::value, OrEmpty(ValueKind::kText),
             "What it holds; for a secret use value_file.")
      .Value("value_file", &HeaderConfig::value_file, OrEmpty(ValueKind::kSecretFile),
             "A file with what it holds, in place of value.")
      .Build();
}

SectionPtr TlsSection() {
  return SectionOf<TlsClientConfig>()
      .Value("ca_file", &TlsClientConfig::ca_file, OrEmpty(ValueKind::kPath),
             "The certificates (PEM) that the receiver's must be signed by; empty: the system's.")
      .Value("cert_file", &TlsClientConfig::cert_file, OrEmpty(ValueKind::kPath),
             "hark's own certificate (PEM), for receivers that ask for one.")
      .Value("key_file", &TlsClientConfig::key_file, OrEmpty(ValueKind::kSecretFile),
             "The key of that certificate.")
      .Build();
}

template <typename Owner>
void AddFilters(SectionOf<Owner>& section) {
  section
      .Value("name", In<Owner>(&HttpOutputConfig::name), Of(ValueKind::kText),
             "The name of the output, in metrics and commands. Under it hark remembers what was "
             "delivered: under another name it is a new output.")
      .Required()
      .Value("min_level", In<Owner>(&HttpOutputConfig::min_level), OneOf(kSeverities),
             "The lowest level of the alerts that are sent.")
      .Values("rules", In<Owner>(&HttpOutputConfig::rules), Of(ValueKind::kText),
              "Names or ids of the rules whose alerts are sent; none: all.")
      .Values("tags", In<Owner>(&HttpOutputConfig::tags), Of(ValueKind::kText),
              "ATT&CK tags, such as attack.credential-access; alerts of rules with one of them are "
              "sent; none: all.");
}

template <typename Owner>
void AddConnection(SectionOf<Owner>& section) {
  section
      .Maps("headers", In<Owner>(&HttpOutputConfig::headers), HeaderSection(),
            "HTTP headers that are added.")
      .Map("tls", In<Owner>(&HttpOutputConfig::tls), TlsSection(), "How https is trusted.")
      .Value("proxy", In<Owner>(&HttpOutputConfig::proxy), OrEmpty(ValueKind::kUrl),
             "An HTTP proxy; empty: none, whatever the environment says.")
      .Value("timeout", In<Owner>(&HttpOutputConfig::timeout),
             Between(ValueKind::kDuration, kSecond / 10, 300 * kSecond),
             "How long an attempt may take.")
      .Value("allow_link_local", In<Owner>(&HttpOutputConfig::allow_link_local),
             Of(ValueKind::kBool),
             "Whether link-local addresses may be connected to, and those where clouds serve "
             "credentials to their machines.");
}

template <typename Owner>
void AddBudget(SectionOf<Owner>& section) {
  section
      .Value("max_age", In<Owner>(&HttpOutputConfig::max_age),
             Between(ValueKind::kDuration, kSecond, kHour * 24 * 365),
             "What could not be delivered for so long becomes a dead letter.")
      .Value("max_bytes", In<Owner>(&HttpOutputConfig::max_bytes),
             Between(ValueKind::kBytes, kMebibyte, kMebibyte * 1024 * 1024),
             "Alerts that wait for the output may take so much; what is more becomes dead letters, "
             "the oldest first.")
      .Value("max_per_minute", In<Owner>(&HttpOutputConfig::max_per_minute),
             Between(ValueKind::kInteger, 0, 1'000'000),
             "Attempts that are made at most; what is more waits. 0: no limit.");
}

SectionPtr WebhookSection() {
  SectionOf<WebhookConfig> section;
  AddFilters(section);
  section
      .Value("url", &WebhookConfig::url, OrEmpty(ValueKind::kUrl),
             "Where alerts are posted to. One that holds a secret belongs into url_file.")
      .Value("url_file", &WebhookConfig::url_file, OrEmpty(ValueKind::kSecretFile),
             "A file with the URL, in place of url.")
      .Value("format", &WebhookConfig::format, OneOf(kBodyFormats),
             "native (docs/outputs.md), cloudevents (1.0, structured) or template.")
      .Value("template_file", &WebhookConfig::template_file, OrEmpty(ValueKind::kPath),
             "A JSON document with {{field}} placeholders, for the format template.")
      .Values("secret_files", &WebhookConfig::secret_files, Of(ValueKind::kSecretFile),
              "Files with a whsec_ secret each. Every one signs (Standard Webhooks 1.0), so that a "
              "new one can be added before the old one goes. None: no signature.")
      .Value("concurrency", &WebhookConfig::concurrency, Between(ValueKind::kInteger, 1, 64),
             "Attempts at a time.");
  AddConnection(section);
  AddBudget(section);
  return section.Build();
}

SectionPtr AlertmanagerSection() {
  SectionOf<AlertmanagerConfig> section;
  AddFilters(section);
  section
      .Values("urls", &AlertmanagerConfig::urls, Of(ValueKind::kUrl),
              "All replicas of one Alertmanager cluster, such as http://alertmanager-0:9093. Each "
              "gets every alert.")
      .Value("resend", &AlertmanagerConfig::resend, Between(ValueKind::kDuration, kSecond, kHour),
             "How often open alerts are sent again. Alertmanager forgets one that was not sent for "
             "four times that long.");
  AddConnection(section);
  AddBudget(section);
  return section.Build();
}

SectionPtr SlackSection() {
  SectionOf<SlackConfig> section;
  AddFilters(section);
  section
      .Value("url_file", &SlackConfig::url_file, Of(ValueKind::kSecretFile),
             "A file with the URL of the incoming webhook, which is a secret.")
      .Required();
  AddConnection(section);
  AddBudget(section);
  return section.Build();
}

}  // namespace

SectionPtr SilenceSection() {
  return SectionOf<SilenceConfig>()
      .Value(
          "matchers", &SilenceConfig::matchers, Of(ValueKind::kText),
          "Which alerts, such as rule=secret_read_burst,actor.name=~\"ci-.*\" (docs/outputs.md).")
      .Required()
      .Value("reason", &SilenceConfig::reason, Of(ValueKind::kText),
             "Why, for those who come across it later.")
      .Required()
      .Value("author", &SilenceConfig::author, Of(ValueKind::kText), "Who wants it.")
      .Required()
      .Value("until", &SilenceConfig::until, Of(ValueKind::kText),
             "When it ends, such as 2026-12-01T00:00:00Z.")
      .Required()
      .Build();
}

SectionPtr OutputsSection() {
  return SectionOf<OutputsConfig>()
      .Map("stdout", &OutputsConfig::to_stdout, StdoutSection(), "Alerts on standard output.")
      .Maps("files", &OutputsConfig::files, FileSection(), "Alerts in files, a line of JSON each.")
      .Maps("webhooks", &OutputsConfig::webhooks, WebhookSection(),
            "Alerts posted to URLs, signed as Standard Webhooks says.")
      .Maps("alertmanagers", &OutputsConfig::alertmanagers, AlertmanagerSection(),
            "Alerts for Prometheus Alertmanager.")
      .Maps("slack", &OutputsConfig::slack, SlackSection(), "Alerts in Slack channels.")
      .Build();
}

}  // namespace hark::config
