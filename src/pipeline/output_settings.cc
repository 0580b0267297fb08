#include "pipeline/output_settings.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"

#include "alert/alertmanager_destination.h"
#include "alert/file_destination.h"
#include "alert/http_destination.h"
#include "alert/json_template.h"
#include "alert/silence_matchers.h"
#include "alert/stream_destination.h"
#include "alert/webhook.h"
#include "alert/webhook_signature.h"
#include "base/rfc3339.h"
#include "base/secret_file.h"
#include "base/status_macros.h"
#include "config/value.h"

namespace hark::pipeline {
namespace {

using alert::OutputSettings;

// What is on this machine is only full or closed for a time, and a wall clock that jumps makes
// nothing too old for it.
constexpr absl::Duration kForEver = absl::InfiniteDuration();
using config::HttpOutputConfig;

absl::Status In(const std::string& output, const absl::Status& status) {
  return {status.code(), absl::StrFormat("output %s: %s", output, status.message())};
}

alert::HttpOptions HttpOptionsOf(const HttpOutputConfig& output) {
  return {.ca_file = output.tls.ca_file,
          .cert_file = output.tls.cert_file,
          .key_file = output.tls.key_file,
          .proxy = output.proxy,
          .timeout = absl::Microseconds(output.timeout),
          .allow_link_local = output.allow_link_local};
}

absl::StatusOr<alert::HttpHeaders> HeadersOf(const HttpOutputConfig& output) {
  alert::HttpHeaders headers;
  for (const config::HeaderConfig& header : output.headers) {
    std::string value = header.value;
    if (!header.value_file.empty()) {
      ASSIGN_OR_RETURN(value, ReadSecretFile(header.value_file));
      // It must not become a header more.
      if (value.find_first_of("\r\n") != std::string::npos) {
        return InvalidArgument("%s has more than one line", header.value_file);
      }
    }
    headers.emplace_back(header.name, std::move(value));
  }
  return headers;
}

// The setting, or what the file in its place holds.
absl::StatusOr<std::string> UrlOf(const std::string& url, const std::string& url_file) {
  if (url_file.empty()) {
    return url;
  }
  ASSIGN_OR_RETURN(const std::string text, ReadSecretFile(url_file));
  if (!config::ParseValue({.kind = config::ValueKind::kUrl}, text).ok()) {
    return InvalidArgument("%s must hold a URL", url_file);
  }
  return text;
}

absl::StatusOr<alert::HttpDestinationOptions> DestinationOf(const HttpOutputConfig& output,
                                                            std::string url, const Clock* clock) {
  ASSIGN_OR_RETURN(alert::HttpHeaders headers, HeadersOf(output));
  return alert::HttpDestinationOptions{.url = std::move(url),
                                       .http = HttpOptionsOf(output),
                                       .headers = std::move(headers),
                                       .clock = clock};
}

OutputSettings SettingsOf(const HttpOutputConfig& output, std::string_view kind,
                          std::unique_ptr<alert::Destination> destination) {
  constexpr double kSecondsAMinute = 60;
  return {.name = output.name,
          .kind = std::string(kind),
          .destination = std::move(destination),
          .filter = {.min_level = output.min_level, .rules = output.rules, .tags = output.tags},
          .max_age = absl::Microseconds(output.max_age),
          .max_bytes = static_cast<std::uint64_t>(output.max_bytes),
          .max_per_second = static_cast<double>(output.max_per_minute) / kSecondsAMinute};
}

absl::StatusOr<alert::JsonTemplate> ReadTemplate(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return absl::NotFoundError(absl::StrFormat("cannot read %s", path));
  }
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  absl::StatusOr<alert::JsonTemplate> parsed = alert::JsonTemplate::Parse(text);
  return parsed.ok() ? std::move(parsed)
                     : InvalidArgument("%s: %s", path, parsed.status().message());
}

absl::StatusOr<OutputSettings> MakeWebhook(const config::WebhookConfig& webhook,
                                           const OutputSurroundings& surroundings) {
  ASSIGN_OR_RETURN(std::string url, UrlOf(webhook.url, webhook.url_file));
  ASSIGN_OR_RETURN(alert::HttpDestinationOptions destination,
                   DestinationOf(webhook, std::move(url), surroundings.clock));
  destination.concurrency = static_cast<std::size_t>(webhook.concurrency);
  std::vector<std::string> secrets;
  for (const std::string& path : webhook.secret_files) {
    ASSIGN_OR_RETURN(std::string secret, ReadSecretFile(path));
    secrets.push_back(std::move(secret));
  }
  ASSIGN_OR_RETURN(alert::WebhookSigner signer, alert::WebhookSigner::Create(secrets));
  std::optional<alert::JsonTemplate> body_template;
  if (webhook.format == config::BodyFormat::kTemplate) {
    ASSIGN_OR_RETURN(body_template, ReadTemplate(webhook.template_file));
  }
  // The formats are in one order.
  ASSIGN_OR_RETURN(
      std::unique_ptr<alert::Destination> made,
      alert::CreateWebhook({.destination = std::move(destination),
                            .format = static_cast<alert::WebhookFormat>(webhook.format),
                            .body_template = std::move(body_template),
                            .signer = std::move(signer)}));
  return SettingsOf(webhook, "webhook", std::move(made));
}

absl::StatusOr<OutputSettings> MakeSlack(const config::SlackConfig& slack,
                                         const OutputSurroundings& surroundings) {
  ASSIGN_OR_RETURN(std::string url, UrlOf("", slack.url_file));
  ASSIGN_OR_RETURN(alert::HttpDestinationOptions destination,
                   DestinationOf(slack, std::move(url), surroundings.clock));
  ASSIGN_OR_RETURN(std::unique_ptr<alert::Destination> made,
                   alert::CreateSlack(std::move(destination)));
  return SettingsOf(slack, "slack", std::move(made));
}

// "alertmanager-0:9093" of "http://alertmanager-0:9093/path".
std::string_view HostOf(std::string_view url) {
  const std::size_t begin = url.find("://") + 3;
  return url.substr(begin, url.find('/', begin) - begin);
}

absl::StatusOr<OutputSettings> MakeReplica(const config::AlertmanagerConfig& alertmanager,
                                           std::string url,
                                           const OutputSurroundings& surroundings) {
  ASSIGN_OR_RETURN(alert::HttpHeaders headers, HeadersOf(alertmanager));
  OutputSettings settings = SettingsOf(alertmanager, "alertmanager", nullptr);
  if (alertmanager.urls.size() > 1) {
    settings.name = absl::StrFormat("%s/%s", alertmanager.name, HostOf(url));
  }
  while (url.ends_with('/')) {
    url.pop_back();
  }
  ASSIGN_OR_RETURN(settings.destination, alert::AlertmanagerDestination::Create(
                                             {.url = std::move(url),
                                              .http = HttpOptionsOf(alertmanager),
                                              .headers = std::move(headers),
                                              .resend = absl::Microseconds(alertmanager.resend),
                                              .clock = surroundings.clock}));
  return settings;
}

absl::Status Add(const std::string& name, absl::StatusOr<OutputSettings> made,
                 std::vector<OutputSettings>& settings) {
  if (!made.ok()) {
    return In(name, made.status());
  }
  settings.push_back(*std::move(made));
  return absl::OkStatus();
}

absl::Status AddReplicas(const config::AlertmanagerConfig& alertmanager,
                         const OutputSurroundings& surroundings,
                         std::vector<OutputSettings>& settings) {
  for (const std::string& url : alertmanager.urls) {
    RETURN_IF_ERROR(Add(alertmanager.name, MakeReplica(alertmanager, url, surroundings), settings));
  }
  return absl::OkStatus();
}

absl::Status AddLocal(const config::OutputsConfig& outputs, const OutputSurroundings& surroundings,
                      std::vector<OutputSettings>& settings) {
  const config::StdoutOutputConfig& to_stdout = outputs.to_stdout;
  if (to_stdout.enabled) {
    ASSIGN_OR_RETURN(std::unique_ptr<alert::Destination> made,
                     alert::StreamDestination::Open(surroundings.stdout_fd,
                                                    to_stdout.format == config::AlertFormat::kTable
                                                        ? alert::StreamFormat::kTable
                                                        : alert::StreamFormat::kJsonl,
                                                    surroundings.table));
    settings.push_back({.name = "stdout",
                        .kind = "stdout",
                        .destination = std::move(made),
                        .filter = {.min_level = to_stdout.min_level},
                        .max_age = kForEver});
  }
  for (const config::FileOutputConfig& file : outputs.files) {
    ASSIGN_OR_RETURN(std::unique_ptr<alert::Destination> made,
                     alert::FileDestination::Open(file.path));
    settings.push_back({.name = "file:" + file.path,
                        .kind = "file",
                        .destination = std::move(made),
                        .filter = {.min_level = file.min_level},
                        .max_age = kForEver});
  }
  return absl::OkStatus();
}

// Zero is no limit.
std::uint64_t CappedBytes(std::uint64_t bytes, std::uint64_t cap) {
  return bytes == 0 || cap == 0 ? std::max(bytes, cap) : std::min(bytes, cap);
}

}  // namespace

absl::StatusOr<std::vector<OutputSettings>> MakeOutputs(const config::OutputsConfig& outputs,
                                                        const OutputSurroundings& surroundings) {
  std::vector<OutputSettings> settings;
  RETURN_IF_ERROR(AddLocal(outputs, surroundings, settings));
  for (const config::WebhookConfig& webhook : outputs.webhooks) {
    RETURN_IF_ERROR(Add(webhook.name, MakeWebhook(webhook, surroundings), settings));
  }
  for (const config::AlertmanagerConfig& alertmanager : outputs.alertmanagers) {
    RETURN_IF_ERROR(AddReplicas(alertmanager, surroundings, settings));
  }
  for (const config::SlackConfig& slack : outputs.slack) {
    RETURN_IF_ERROR(Add(slack.name, MakeSlack(slack, surroundings), settings));
  }
  for (OutputSettings& output : settings) {
    output.max_bytes = CappedBytes(output.max_bytes, surroundings.max_waiting_bytes);
  }
  return settings;
}

absl::Status CheckTemplates(const config::OutputsConfig& outputs) {
  for (const config::WebhookConfig& webhook : outputs.webhooks) {
    if (webhook.format == config::BodyFormat::kTemplate) {
      const absl::Status status = ReadTemplate(webhook.template_file).status();
      if (!status.ok()) {
        return In(webhook.name, status);
      }
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<alert::Silence>> MakeSilences(
    const std::vector<config::SilenceConfig>& silences) {
  std::vector<alert::Silence> made;
  for (std::size_t i = 0; i < silences.size(); ++i) {
    const config::SilenceConfig& silence = silences[i];
    const absl::Status matchers = alert::SilenceMatchers::Parse(silence.matchers).status();
    if (!matchers.ok()) {
      return InvalidArgument("silences[%d]: %s", i, matchers.message());
    }
    const std::optional<Micros> until = ParseRfc3339(silence.until);
    if (!until.has_value()) {
      return InvalidArgument("silences[%d]: until must be a time, such as 2026-12-01T00:00:00Z", i);
    }
    made.push_back({.matchers = silence.matchers,
                    .reason = silence.reason,
                    .author = silence.author,
                    .created = INT64_MIN,
                    .until = *until});
  }
  return made;
}

}  // namespace hark::pipeline
