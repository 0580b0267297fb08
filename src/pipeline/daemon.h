#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "alert/alert_table.h"
#include "config/config.h"
#include "rules/loader.h"
#include "rules/rule_set.h"

namespace hark::pipeline {

// What a daemon is to do: a configuration, and the rules that it names.
struct DaemonSetup {
  config::Config config;
  std::vector<rules::RuleFile> rule_files;
  std::shared_ptr<const rules::RuleSet> rules;  // compiled from them
};

// What somebody asks of a running daemon.
enum class DaemonRequest {
  kNone,
  kReload,  // configuration and rules
  kReopen,  // files of outputs that were renamed
  kStop,    // read no more, judge what was read, write a snapshot
};

struct DaemonOptions {
  // Reads configuration and rules again. nullopt, and everything that is wrong with them, a message
  // each, if they cannot be used.
  std::function<std::optional<DaemonSetup>(std::vector<std::string>&)> load;
  // The files and folders that a configuration comes from: a change is as good as a request. May be
  // empty.
  std::function<std::vector<std::string>(const config::Config&)> watched;
  // Waits for a request, at most so long. Called by Run.
  std::function<DaemonRequest(std::chrono::milliseconds)> next_request;
  bool drain = false;  // read all sources to their present end, close all windows and alerts, end
  std::string version, commit;
  int threads = 1;                 // of the stateless half
  alert::TableOptions table = {};  // of standard output
};

// `hark run`: follows sources, judges what they bring and delivers alerts, until it is told to
// stop. It may be killed at any moment: what it did stands in its data_dir, and the next one goes
// on there and comes to the same alerts.
//
// Not thread-safe; one at a time in a process.
class Daemon {
 public:
  // Opens the data_dir and restores the state: the answer to what is wrong with it. The rest begins
  // with Run. FailedPrecondition and DataLoss say why the data_dir cannot be gone on with;
  // InvalidArgument is about the configuration.
  static absl::StatusOr<std::unique_ptr<Daemon>> Create(DaemonSetup setup, DaemonOptions options);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // Runs until a request to stop, or until the sources are drained. OK: what it had read is judged,
  // and a snapshot is written, or all has ended.
  absl::Status Run();

 private:
  class Impl;
  explicit Daemon(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace hark::pipeline
