#include "cli/run_setup.h"

#include <filesystem>
#include <utility>

#include "absl/strings/str_format.h"

#include "base/status_macros.h"
#include "cli/config_loading.h"
#include "cli/flag_values.h"
#include "cli/rule_loading.h"
#include "config/kafka_flag.h"
#include "config/surroundings.h"
#include "ingest/input.h"
#include "pipeline/receiver_options.h"
#include "rules/loader.h"

namespace hark::cli {
namespace {

std::string PathOf(const RunArguments& arguments) {
  return arguments.config_path.has_value() ? *arguments.config_path : DefaultConfigPath();
}

// The settings that flags of their own stand for.
void AddFlags(const RunArguments& arguments, std::vector<config::Override>& overrides) {
  const auto add = [&](const char* flag, const char* path, const std::optional<std::string>& text) {
    if (text.has_value()) {
      overrides.push_back({flag, path, *text});
    }
  };
  add("--data-dir", "data_dir", arguments.data_dir);
  add("--cluster", "cluster", arguments.cluster);
  add("--admin", "admin.listen", arguments.admin);
  add("--min-level", "outputs.stdout.min_level", arguments.min_level);
  if (arguments.output.has_value()) {
    const bool is_none = *arguments.output == "none";
    overrides.push_back({"--output", is_none ? "outputs.stdout.enabled" : "outputs.stdout.format",
                         is_none ? "false" : *arguments.output});
  }
}

absl::Status AddFollowed(const RunArguments& arguments, config::Config& config) {
  if (arguments.from_start && arguments.follow.empty()) {
    return absl::InvalidArgumentError(
        "--from-start is about --follow; for files of the configuration there is from_start");
  }
  for (const std::string& text : arguments.follow) {
    const ingest::InputArgument input = ingest::ParseInputArgument(text);
    config::FileSourceConfig file = {.path = std::filesystem::absolute(input.path).string(),
                                     .cluster = input.cluster,
                                     .from_start = arguments.from_start};
    if (arguments.lateness.has_value()) {
      ASSIGN_OR_RETURN(file.lateness, ToLateness(*arguments.lateness));
    }
    config.sources.files.push_back(std::move(file));
  }
  return absl::OkStatus();
}

// A listener to try hark with: on loopback, since there is nothing that could say who may post.
absl::Status AddListeners(const RunArguments& arguments, config::Config& config) {
  for (const std::string& address : arguments.listen) {
    config::WebhookSourceConfig webhook;
    webhook.listen = address;
    RETURN_IF_ERROR(
        server::CheckAuditReceiverOptions(pipeline::ReceiverOptionsOf(webhook, config.limits)));
    config.sources.webhooks.push_back(std::move(webhook));
  }
  return absl::OkStatus();
}

absl::Status AddTopics(const RunArguments& arguments, config::Config& config) {
  for (const std::string& text : arguments.kafka) {
    ASSIGN_OR_RETURN(config::KafkaSourceConfig entry, config::ParseKafkaFlag(text));
    config.sources.kafka.push_back(std::move(entry));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<config::Config>> LoadConfigOf(const RunArguments& arguments,
                                                           SetupProblems& problems) {
  const std::string path = PathOf(arguments);
  config::ConfigInput input = {.folder = config::FolderOf(path),
                               .surroundings = config::SystemSurroundings()};
  ASSIGN_OR_RETURN(input.overrides, ParseSettings(arguments.settings));
  AddFlags(arguments, input.overrides);
  if (!path.empty()) {
    ASSIGN_OR_RETURN(input.files, config::ReadConfigFiles(path));
  }
  std::optional<config::LoadedConfig> loaded = config::LoadConfig(input, problems.diagnostics);
  problems.files = std::move(input.files);
  if (!loaded.has_value()) {
    return std::optional<config::Config>();
  }
  RETURN_IF_ERROR(AddFollowed(arguments, loaded->config));
  RETURN_IF_ERROR(AddListeners(arguments, loaded->config));
  RETURN_IF_ERROR(AddTopics(arguments, loaded->config));
  if (!arguments.rules.empty()) {
    loaded->config.rules.paths = arguments.rules;
  }
  return std::optional(std::move(loaded->config));
}

}  // namespace

std::string SetupProblems::Text() const {
  std::string text = diagnostics.Format(files);
  if (!error.ok()) {
    absl::StrAppendFormat(&text, "hark: %s\n", error.message());
  }
  return text;
}

std::vector<std::string> SetupProblems::Errors() const {
  std::vector<std::string> errors;
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    if (diagnostic.kind == Diagnostic::Kind::kError) {
      const Location& place = diagnostic.location;
      errors.push_back(absl::StrFormat("%s:%d:%d: %s", place.file, place.line, place.column,
                                       diagnostic.message));
    }
  }
  if (!error.ok()) {
    errors.emplace_back(error.message());
  }
  return errors;
}

std::optional<pipeline::DaemonSetup> LoadSetup(const RunArguments& arguments,
                                               SetupProblems& problems) {
  absl::StatusOr<std::optional<config::Config>> config = LoadConfigOf(arguments, problems);
  if (!config.ok() || !config->has_value()) {
    problems.error = config.status();
    return std::nullopt;
  }
  pipeline::DaemonSetup setup;
  setup.config = **std::move(config);
  absl::StatusOr<std::vector<rules::RuleFile>> files = CollectRuleFiles(setup.config.rules.paths);
  if (!files.ok()) {
    problems.error = files.status();
    return std::nullopt;
  }
  setup.rule_files = *std::move(files);
  setup.rules = rules::LoadRules(setup.rule_files, problems.diagnostics);
  problems.files.insert(problems.files.end(), setup.rule_files.begin(), setup.rule_files.end());
  return setup.rules == nullptr ? std::nullopt : std::optional(std::move(setup));
}

std::vector<std::string> WatchedPaths(const RunArguments& arguments, const config::Config& config) {
  std::vector<std::string> paths = config.rules.paths;
  if (const std::string path = PathOf(arguments); !path.empty()) {
    paths.push_back(path);
    paths.push_back(config::FolderOf(path) + "/conf.d");
  }
  return paths;
}

}  // namespace hark::cli
