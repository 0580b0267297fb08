#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"

#include "CLI/CLI.hpp"
#include "base/status_macros.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/config_loading.h"
#include "cli/message.h"
#include "config/config_schema.h"
#include "config/json_schema.h"
#include "config/show.h"
#include "pipeline/output_settings.h"

namespace hark::cli {
namespace {

struct ConfigArguments {
  std::optional<std::string> path;
  std::vector<std::string> settings;  // KEY=VALUE

  std::string PathOrDefault() const { return path.has_value() ? *path : DefaultConfigPath(); }
};

// Loads what the arguments name; on success `use` has the last word.
template <typename Use>
ExitCode WithConfig(const ConfigArguments& arguments, const Use& use) {
  const absl::StatusOr<std::vector<config::Override>> overrides = ParseSettings(arguments.settings);
  if (!overrides.ok()) {
    PrintError(overrides.status());
    return ExitCode::kUsage;
  }
  const std::string path = arguments.PathOrDefault();
  const std::optional<config::LoadedConfig> loaded = LoadConfiguration(path, *overrides);
  if (!loaded.has_value()) {
    return ExitCode::kConfiguration;
  }
  return use(path, *loaded);
}

// What is not the matter of single settings.
absl::Status CheckOutputs(const config::Config& config) {
  RETURN_IF_ERROR(pipeline::CheckTemplates(config.outputs));
  return pipeline::MakeSilences(config.silences).status();
}

ExitCode RunCheck(const ConfigArguments& arguments) {
  return WithConfig(arguments, [](const std::string& path, const config::LoadedConfig& loaded) {
    if (const absl::Status status = CheckOutputs(loaded.config); !status.ok()) {
      PrintError(status);
      return ExitCode::kConfiguration;
    }
    const std::string name = path.empty() ? "the configuration without a file" : path;
    Print(absl::StrFormat("%s is valid and gives %d settings\n", EscapeForTerminal(name),
                          loaded.origins.size()));
    return ExitCode::kDone;
  });
}

ExitCode RunShow(const ConfigArguments& arguments) {
  return WithConfig(arguments, [](const std::string& /*path*/, const config::LoadedConfig& loaded) {
    Print(config::ShowConfig(loaded));
    return ExitCode::kDone;
  });
}

ExitCode RunSchema() {
  Print(config::JsonSchema(config::ConfigSchema()));
  return ExitCode::kDone;
}

std::shared_ptr<ConfigArguments> AddArguments(CLI::App& command) {
  auto arguments = std::make_shared<ConfigArguments>();
  command.add_option("--config", arguments->path,
                     "The main file; conf.d/*.yaml beside it is read, too. Default: $HARK_CONFIG, "
                     "else /etc/hark/hark.yaml, else none");
  command.add_option("--set", arguments->settings,
                     "KEY=VALUE, such as log.level=debug, over files and environment");
  return arguments;
}

}  // namespace

void AddConfigCommand(CLI::App& app, Command& chosen) {
  CLI::App* const config = app.add_subcommand("config", "Check, show and document the settings");
  config->require_subcommand(1);

  CLI::App* const check =
      config->add_subcommand("check", "Report all errors and warnings of a configuration");
  check->callback([arguments = AddArguments(*check), &chosen] {
    chosen = [arguments] { return RunCheck(*arguments); };
  });
  CLI::App* const show = config->add_subcommand(
      "show", "Print all settings and where each comes from; secrets are left out");
  show->callback([arguments = AddArguments(*show), &chosen] {
    chosen = [arguments] { return RunShow(*arguments); };
  });
  CLI::App* const schema =
      config->add_subcommand("schema", "Print the JSON Schema of a configuration file");
  schema->callback([&chosen] { chosen = RunSchema; });
}

}  // namespace hark::cli
