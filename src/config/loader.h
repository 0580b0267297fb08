#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "base/diagnostics.h"
#include "config/config.h"
#include "config/settings.h"
#include "config/surroundings.h"

namespace hark::config {

// All that a configuration is made of. Later ones override earlier ones: the files in their order,
// then the environment, then the command line.
struct ConfigInput {
  std::vector<TextFile> files = {};
  std::string folder = {};  // that relative paths in the files are relative to
  Surroundings surroundings = {};
  std::vector<Override> overrides = {};
};

struct LoadedConfig {
  Config config;
  Origins origins;
};

// The main file, and after it the files conf.d/*.yaml (and *.yml) beside it, sorted by name; those
// that begin with a dot are left out. Fails if one of them cannot be read.
absl::StatusOr<std::vector<TextFile>> ReadConfigFiles(const std::string& path);

// The folder of the main file, as ConfigInput has it.
std::string FolderOf(const std::string& path);

// All errors and warnings go to `diagnostics`; nullopt if there was an error among them. No
// message and no line that Diagnostics shows holds the value of a secret.
std::optional<LoadedConfig> LoadConfig(const ConfigInput& input, Diagnostics& diagnostics);

}  // namespace hark::config
