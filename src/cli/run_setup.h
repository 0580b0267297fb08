#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "base/diagnostics.h"
#include "pipeline/daemon.h"

namespace hark::cli {

// What the command line of `hark run` says, as text.
struct RunArguments {
  std::optional<std::string> config_path;
  std::vector<std::string> settings;  // KEY=VALUE
  std::vector<std::string> follow;    // [NAME=]PATH
  std::vector<std::string> listen;    // ADDRESS:PORT
  std::vector<std::string> kafka;     // BROKERS/TOPIC
  std::vector<std::string> rules;
  std::optional<std::string> data_dir, cluster, output, min_level, lateness, admin;
  bool from_start = false;
  bool drain = false;
  int threads = 0;  // 0: as many as are useful
};

// Everything that is wrong with a setup.
struct SetupProblems {
  absl::Status error;  // a file that cannot be read, a flag that makes no sense
  Diagnostics diagnostics;
  std::vector<TextFile> files;  // that the diagnostics are about

  // All of it as people read it, with the lines that are wrong.
  std::string Text() const;
  // A line each, warnings left out.
  std::vector<std::string> Errors() const;
};

// The configuration with what the flags add to it, and its rules, compiled. nullopt, and why, if
// they cannot be used.
std::optional<pipeline::DaemonSetup> LoadSetup(const RunArguments& arguments,
                                               SetupProblems& problems);

// Files and folders whose change is a reason to load the setup again.
std::vector<std::string> WatchedPaths(const RunArguments& arguments, const config::Config& config);

}  // namespace hark::cli
