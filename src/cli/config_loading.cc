#include "cli/config_loading.h"

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"

#include "cli/message.h"
#include "config/surroundings.h"

namespace hark::cli {

std::string DefaultConfigPath() {
  constexpr const char* kPath = "/etc/hark/hark.yaml";
  const config::Surroundings surroundings = config::SystemSurroundings();
  const auto variable = surroundings.variables.find("HARK_CONFIG");
  if (variable != surroundings.variables.end()) {
    return variable->second;
  }
  std::error_code error;
  return std::filesystem::exists(kPath, error) ? kPath : "";
}

absl::StatusOr<std::vector<config::Override>> ParseSettings(
    const std::vector<std::string>& settings) {
  std::vector<config::Override> overrides;
  for (const std::string& setting : settings) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos) {
      return absl::InvalidArgumentError("--set: expected KEY=VALUE, such as log.level=debug");
    }
    overrides.push_back({"--set", setting.substr(0, equals), setting.substr(equals + 1)});
  }
  return overrides;
}

std::optional<config::LoadedConfig> LoadConfiguration(
    const std::string& path, const std::vector<config::Override>& overrides) {
  config::ConfigInput input = {.folder = config::FolderOf(path),
                               .surroundings = config::SystemSurroundings(),
                               .overrides = overrides};
  if (!path.empty()) {
    absl::StatusOr<std::vector<TextFile>> files = config::ReadConfigFiles(path);
    if (!files.ok()) {
      PrintError(files.status());
      return std::nullopt;
    }
    input.files = *std::move(files);
  }
  Diagnostics diagnostics;
  std::optional<config::LoadedConfig> loaded = config::LoadConfig(input, diagnostics);
  absl::FPrintF(stderr, "%s", diagnostics.Format(input.files));
  return loaded;
}

}  // namespace hark::cli
