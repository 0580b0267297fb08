#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"

#include "base/diagnostics.h"
#include "config/loader.h"

namespace hark::config {

// Surroundings with those variables and those files.
inline Surroundings Fake(std::map<std::string, std::string> variables = {},
                         std::map<std::string, std::string> files = {}) {
  Surroundings surroundings;
  surroundings.variables = std::move(variables);
  surroundings.read_file = [files](const std::string& path) -> absl::StatusOr<std::string> {
    const auto file = files.find(path);
    if (file == files.end()) {
      return absl::NotFoundError("cannot read " + path);
    }
    return file->second;
  };
  return surroundings;
}

// A configuration of one file.
inline ConfigInput OneFile(std::string yaml, Surroundings surroundings = Fake()) {
  return {.files = {{"h.yaml", std::move(yaml)}}, .surroundings = std::move(surroundings)};
}

// The configuration; the test fails if it does not load without a warning.
inline LoadedConfig Load(const ConfigInput& input) {
  Diagnostics diagnostics;
  std::optional<LoadedConfig> loaded = LoadConfig(input, diagnostics);
  EXPECT_EQ(diagnostics.Format(input.files), "");
  return loaded.has_value() ? *std::move(loaded) : LoadedConfig();
}

inline std::string DiagnosticsOf(const ConfigInput& input) {
  Diagnostics diagnostics;
  LoadConfig(input, diagnostics);
  return diagnostics.Format(input.files);
}

}  // namespace hark::config
