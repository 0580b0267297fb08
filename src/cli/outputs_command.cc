#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"

#include "hark/clock.h"

#include "CLI/CLI.hpp"
#include "alert/try_output.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/config_loading.h"
#include "cli/message.h"
#include "pipeline/output_settings.h"

namespace hark::cli {
namespace {

constexpr absl::Duration kLongestTry = absl::Minutes(6);  // more than any time-out

struct Arguments {
  std::optional<std::string> config;
  std::string name;
};

// The replicas of an Alertmanager are meant by their common name, too.
bool IsMeant(const std::string& output, const std::string& name) {
  return name.empty() || output == name || output.starts_with(name + "/");
}

// A second writer could spoil the file of a running daemon, and standard output is no destination
// to try.
config::OutputsConfig WithoutLocal(config::OutputsConfig outputs) {
  outputs.to_stdout.enabled = false;
  outputs.files.clear();
  return outputs;
}

ExitCode Test(const Arguments& arguments) {
  const std::string path = arguments.config.has_value() ? *arguments.config : DefaultConfigPath();
  const std::optional<config::LoadedConfig> loaded = LoadConfiguration(path, {});
  if (!loaded.has_value()) {
    return ExitCode::kConfiguration;
  }
  absl::StatusOr<std::vector<alert::OutputSettings>> outputs =
      pipeline::MakeOutputs(WithoutLocal(loaded->config.outputs), {});
  if (!outputs.ok()) {
    PrintError(outputs.status());
    return ExitCode::kConfiguration;
  }
  ExitCode exit_code = ExitCode::kDone;
  bool found = false;
  for (alert::OutputSettings& output : *outputs) {
    if (!IsMeant(output.name, arguments.name)) {
      continue;
    }
    found = true;
    const absl::Status status = alert::TryOutput(output, kLongestTry, Clock::System().Now());
    Print(absl::StrFormat(
        "%s: %s\n", EscapeForTerminal(output.name),
        status.ok() ? "delivered" : "failed: " + EscapeForTerminal(std::string(status.message()))));
    if (!status.ok()) {
      exit_code = ExitCode::kInputOutput;
    }
  }
  if (!found) {
    PrintError(arguments.name.empty()
                   ? std::string("no webhook, Alertmanager or Slack channel is configured")
                   : absl::StrFormat("no webhook, Alertmanager or Slack channel has the name %s",
                                     arguments.name));
    return ExitCode::kUsage;
  }
  return exit_code;
}

}  // namespace

void AddOutputsCommand(CLI::App& app, Command& chosen) {
  CLI::App* const outputs = app.add_subcommand("outputs", "The places that alerts are sent to");
  outputs->require_subcommand(1);
  CLI::App* const test = outputs->add_subcommand(
      "test", "Send a test alert to webhooks, Alertmanagers and Slack, and say what becomes of it");
  auto arguments = std::make_shared<Arguments>();
  test->add_option("NAME", arguments->name, "Only this output");
  test->add_option("--config", arguments->config,
                   "The main file. Default: $HARK_CONFIG, else /etc/hark/hark.yaml if it exists");
  test->callback([arguments, &chosen] { chosen = [arguments] { return Test(*arguments); }; });
}

}  // namespace hark::cli
