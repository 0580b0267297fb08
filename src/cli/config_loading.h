#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "config/loader.h"

namespace hark::cli {

// The file that is read where none is named: $HARK_CONFIG, else /etc/hark/hark.yaml if that
// exists. "" if there is none: a configuration needs no file.
std::string DefaultConfigPath();

// What --set gives: KEY=VALUE each. InvalidArgument if one is not.
absl::StatusOr<std::vector<config::Override>> ParseSettings(
    const std::vector<std::string>& settings);

// Reads the configuration of that file ("" for none), the files in conf.d beside it and the
// environment, with the overrides. Prints all diagnostics to standard error; nullopt if there are
// errors.
std::optional<config::LoadedConfig> LoadConfiguration(
    const std::string& path, const std::vector<config::Override>& overrides);

}  // namespace hark::cli
