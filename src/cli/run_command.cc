#include <csignal>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"

#include "CLI/CLI.hpp"
#include "base/allocator.h"
#include "cli/command.h"
#include "cli/file_limit.h"
#include "cli/message.h"
#include "cli/run_setup.h"
#include "cli/terminal.h"
#include "pipeline/daemon.h"

namespace hark::cli {
namespace {

namespace fs = std::filesystem;
using pipeline::DaemonRequest;

// More do not help: each source is read by one thread at a time.
constexpr unsigned kMaxThreads = 4;

// A data_dir for one run.
class TemporaryDataDir {
 public:
  // Empty if it cannot be made.
  TemporaryDataDir() {
    std::error_code error;
    std::string path = (fs::temp_directory_path(error) / "hark-XXXXXX").string();
    if (!error && mkdtemp(path.data()) != nullptr) {
      path_ = path;
    }
  }
  ~TemporaryDataDir() {
    std::error_code ignored;
    if (!path_.empty()) {
      fs::remove_all(path_, ignored);
    }
  }
  TemporaryDataDir(const TemporaryDataDir&) = delete;
  TemporaryDataDir& operator=(const TemporaryDataDir&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Turns signals into requests. To be made before there are threads: they inherit what is blocked.
class SignalRequests {
 public:
  SignalRequests() {
    sigemptyset(&set_);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) {
      sigaddset(&set_, signal);
    }
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }

  DaemonRequest Next(std::chrono::milliseconds at_most) {
    const timespec timeout = {.tv_sec = at_most.count() / 1000,
                              .tv_nsec = (at_most.count() % 1000) * 1'000'000};
    switch (sigtimedwait(&set_, nullptr, &timeout)) {
      case SIGHUP:
        return DaemonRequest::kReload;
      case SIGUSR1:
        return DaemonRequest::kReopen;
      case SIGINT:
        was_interrupted_ = true;
        [[fallthrough]];
      case SIGTERM:
        return OnStop();
      default:
        return DaemonRequest::kNone;
    }
  }

  // Whoever does not want to wait for the end of the work signals once more.
  static DaemonRequest OnStop() {
    sigset_t ends = {};
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_UNBLOCK, &ends, nullptr);
    return DaemonRequest::kStop;
  }

  bool was_interrupted() const { return was_interrupted_; }

 private:
  sigset_t set_ = {};
  bool was_interrupted_ = false;
};

pipeline::DaemonOptions OptionsOf(const RunArguments& arguments, const pipeline::DaemonSetup& setup,
                                  SignalRequests& signals) {
  const std::string data_dir = setup.config.data_dir;
  const unsigned cores = std::max(std::thread::hardware_concurrency(), 1U);
  return {.load =
              [arguments, data_dir](std::vector<std::string>& errors) {
                SetupProblems problems;
                std::optional<pipeline::DaemonSetup> loaded = LoadSetup(arguments, problems);
                errors = problems.Errors();
                if (loaded.has_value() && loaded->config.data_dir.empty()) {
                  loaded->config.data_dir = data_dir;
                }
                return loaded;
              },
          .watched =
              [arguments](const config::Config& config) {
                return arguments.drain ? std::vector<std::string>()
                                       : WatchedPaths(arguments, config);
              },
          .next_request =
              [&signals](std::chrono::milliseconds at_most) { return signals.Next(at_most); },
          .drain = arguments.drain,
          .version = HARK_VERSION,
          .commit = HARK_COMMIT,
          .threads = arguments.threads > 0 ? arguments.threads
                                           : static_cast<int>(std::min(cores, kMaxThreads)),
          .table = {.color = WantsColor(stdout),
                    .width = TerminalColumns(stdout),
                    .shows_changes = true}};
}

ExitCode Fail(const absl::Status& status) {
  PrintError(status);
  return absl::IsInvalidArgument(status) ? ExitCode::kConfiguration : ExitCode::kInputOutput;
}

ExitCode Run(const RunArguments& arguments) {
  SignalRequests signals;
  SetupProblems problems;
  std::optional<pipeline::DaemonSetup> setup = LoadSetup(arguments, problems);
  absl::FPrintF(stderr, "%s", problems.Text());
  if (!setup.has_value()) {
    return absl::IsInvalidArgument(problems.error) ? ExitCode::kUsage : ExitCode::kConfiguration;
  }
  const config::SourcesConfig& sources = setup->config.sources;
  if (sources.files.empty() && sources.webhooks.empty() && sources.kafka.empty()) {
    PrintError(
        "there is nothing to read: give --follow PATH, --listen ADDRESS:PORT, --kafka "
        "BROKERS/TOPIC, or a configuration with sources");
    return ExitCode::kUsage;
  }
  AllowManyFiles();
  FreeAtOnce();
  std::optional<TemporaryDataDir> temporary;
  if (setup->config.data_dir.empty()) {
    temporary.emplace();
    if (temporary->path().empty()) {
      return Fail(absl::ErrnoToStatus(errno, "cannot make a temporary data directory"));
    }
    setup->config.data_dir = temporary->path();
    PrintWarning(
        absl::StrFormat("%s is the data directory of this run, and is removed at its end. "
                        "With --data-dir a later run goes on where this one ends.",
                        temporary->path()));
  }
  pipeline::DaemonOptions options = OptionsOf(arguments, *setup, signals);
  absl::StatusOr<std::unique_ptr<pipeline::Daemon>> daemon =
      pipeline::Daemon::Create(*std::move(setup), std::move(options));
  if (!daemon.ok()) {
    return Fail(daemon.status());
  }
  if (const absl::Status status = (*daemon)->Run(); !status.ok()) {
    return Fail(status);
  }
  return signals.was_interrupted() ? ExitCode::kInterrupted : ExitCode::kDone;
}

}  // namespace

void AddRunCommand(CLI::App& app, Command& chosen) {
  CLI::App* const run =
      app.add_subcommand("run", "Follow audit logs and raise alerts, until told to stop");
  const auto arguments = std::make_shared<RunArguments>();
  run->add_option("--follow", arguments->follow,
                  "[NAME=]PATH: a log, a folder or a glob to follow, through rotation; with the "
                  "name of its cluster. In addition to those of the configuration");
  run->add_option("--listen", arguments->listen,
                  "ADDRESS:PORT on loopback: take what API servers post to /audit/CLUSTER, over "
                  "HTTP from anybody. TLS and credentials are in the configuration");
  run->add_option(
      "--kafka", arguments->kafka,
      "[NAME=]BROKER[,BROKER]/TOPIC[,TOPIC]: topics to read from their start, the first "
      "time; TLS and SASL are in the configuration");
  run->add_flag("--from-start", arguments->from_start,
                "Read what --follow names from its beginning, the first time; else from its end");
  run->add_option("--data-dir", arguments->data_dir,
                  "What must outlive the process is kept here. Default: a temporary folder");
  run->add_option("--config", arguments->config_path,
                  "The main file; conf.d/*.yaml beside it is read, too. Default: $HARK_CONFIG, "
                  "else /etc/hark/hark.yaml, else none");
  run->add_option("--set", arguments->settings,
                  "KEY=VALUE, such as log.level=debug, over files and environment");
  run->add_option("--rules", arguments->rules, "Rule files or folders instead of the shipped ones");
  run->add_option("--cluster", arguments->cluster, "The cluster of sources that name none");
  run->add_option("--lateness", arguments->lateness,
                  "How far events of --follow may be out of order. Default: 5s");
  run->add_option("--output", arguments->output, "table, jsonl or none: alerts on standard output");
  run->add_option("--min-level", arguments->min_level, "The lowest level on standard output");
  run->add_option("--admin", arguments->admin,
                  "ADDRESS:PORT of metrics, health and API. Default: 127.0.0.1:9881");
  run->add_option("--threads", arguments->threads, "Threads that parse and match")
      ->check(CLI::Range(1, 256));
  run->add_flag("--drain", arguments->drain,
                "Read every source to its present end, close all windows and alerts, and exit");
  run->callback([arguments, &chosen] { chosen = [arguments] { return Run(*arguments); }; });
}

}  // namespace hark::cli
