#include "config/outputs_checks.h"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "absl/strings/str_format.h"

namespace hark::config {
namespace {

class OutputChecks {
 public:
  explicit OutputChecks(const ReportProblem& report) : report_(report) {}

  void CheckName(const std::string& name, const std::string& path) {
    const auto [first, is_new] = names_.try_emplace(name, path);
    if (!is_new) {
      report_(path + ".name",
              absl::StrFormat("'%s.name' is the name of %s, too", path, first->second));
    }
    if (name == "stdout" || name.starts_with("file:")) {
      report_(path + ".name",
              absl::StrFormat("'%s.name' is the name of an output that hark names itself", path));
    }
  }

  void CheckConnection(const HttpOutputConfig& output, const std::string& path) {
    CheckName(output.name, path);
    if (output.tls.cert_file.empty() != output.tls.key_file.empty()) {
      report_(path + ".tls", absl::StrFormat("'%s.tls' needs both cert_file and key_file", path));
    }
    for (std::size_t i = 0; i < output.headers.size(); ++i) {
      CheckHeader(output.headers[i], absl::StrFormat("%s.headers[%d]", path, i));
    }
  }

  void CheckWebhook(const WebhookConfig& webhook, const std::string& path) {
    CheckConnection(webhook, path);
    if (webhook.url.empty() == webhook.url_file.empty()) {
      report_(path + ".url", absl::StrFormat("'%s' needs either url or url_file", path));
    }
    if ((webhook.format == BodyFormat::kTemplate) == webhook.template_file.empty()) {
      report_(path + ".format",
              absl::StrFormat("'%s': the format template and template_file need each other", path));
    }
  }

  void CheckAlertmanager(const AlertmanagerConfig& alertmanager, const std::string& path) {
    CheckConnection(alertmanager, path);
    if (alertmanager.urls.empty()) {
      report_(path + ".urls", absl::StrFormat("'%s.urls' must not be empty", path));
    }
    std::map<std::string, std::size_t> seen;
    for (std::size_t i = 0; i < alertmanager.urls.size(); ++i) {
      const auto [first, is_new] = seen.try_emplace(alertmanager.urls[i], i);
      if (!is_new) {
        report_(path + ".urls", absl::StrFormat("'%s.urls[%d]' is the URL of urls[%d], too", path,
                                                i, first->second));
      }
    }
  }

 private:
  void CheckHeader(const HeaderConfig& header, const std::string& path) {
    constexpr std::string_view kTokenCharacters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~";
    if (header.name.find_first_not_of(kTokenCharacters) != std::string::npos) {
      report_(path + ".name", absl::StrFormat("'%s.name' is no name of an HTTP header", path));
    }
    if (!header.value.empty() && !header.value_file.empty()) {
      report_(path + ".value", absl::StrFormat("'%s' has both value and value_file", path));
    }
  }

  const ReportProblem& report_;
  std::map<std::string, std::string> names_;  // paths of the outputs by their names
};

}  // namespace

void CheckOutputs(const OutputsConfig& outputs, const ReportProblem& report) {
  OutputChecks checks(report);
  for (std::size_t i = 0; i < outputs.webhooks.size(); ++i) {
    checks.CheckWebhook(outputs.webhooks[i], absl::StrFormat("outputs.webhooks[%d]", i));
  }
  for (std::size_t i = 0; i < outputs.alertmanagers.size(); ++i) {
    checks.CheckAlertmanager(outputs.alertmanagers[i],
                             absl::StrFormat("outputs.alertmanagers[%d]", i));
  }
  for (std::size_t i = 0; i < outputs.slack.size(); ++i) {
    checks.CheckConnection(outputs.slack[i], absl::StrFormat("outputs.slack[%d]", i));
  }
}

}  // namespace hark::config
