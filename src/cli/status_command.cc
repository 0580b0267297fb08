#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"

#include "CLI/CLI.hpp"
#include "alert/alert_reader.h"
#include "base/status_macros.h"
#include "cli/command.h"
#include "cli/daemon_client.h"
#include "cli/data_dir_lock.h"
#include "cli/message.h"
#include "cli/status_text.h"

namespace hark::cli {
namespace {

struct StatusArguments {
  std::string data_dir, output = "text";
};

// What can be said of a data_dir that no daemon uses.
absl::StatusOr<std::string> StatusAtRest(const std::string& data_dir) {
  ASSIGN_OR_RETURN(alert::AlertReader reader, alert::AlertReader::Open(data_dir + "/hark.db"));
  ASSIGN_OR_RETURN(const std::int64_t revisions, reader.LastSequence());
  ASSIGN_OR_RETURN(const std::vector<alert::SnapshotMark> snapshots, reader.Snapshots());
  std::string text =
      absl::StrFormat("no hark runs on %s\nrevisions  %d stored so far\n", data_dir, revisions);
  if (!snapshots.empty()) {
    absl::StrAppendFormat(&text, "snapshot   number %u, of record %u of the fact log\n",
                          snapshots.back().number, snapshots.back().position);
  }
  return text;
}

ExitCode ShowStatus(const StatusArguments& arguments) {
  absl::StatusOr<std::optional<DataDirLock>> lock = DataDirLock::TryLock(arguments.data_dir);
  if (!lock.ok()) {
    PrintError(lock.status());
    return ExitCode::kInputOutput;
  }
  if (lock->has_value()) {
    const absl::StatusOr<std::string> text = StatusAtRest(arguments.data_dir);
    if (!text.ok()) {
      PrintError(text.status());
      return ExitCode::kInputOutput;
    }
    Print(arguments.output == "json" ? "{\"running\":false}\n" : *text);
    return ExitCode::kFindings;
  }
  const absl::StatusOr<std::string> document =
      DaemonClient(arguments.data_dir + "/hark.sock").Get("/api/v1/status");
  absl::StatusOr<std::string> text =
      !document.ok() || arguments.output == "json" ? document : FormatStatus(*document);
  if (!text.ok()) {
    PrintError(text.status());
    return ExitCode::kInputOutput;
  }
  Print(*text);
  return ExitCode::kDone;
}

}  // namespace

void AddStatusCommand(CLI::App& app, Command& chosen) {
  CLI::App* const status = app.add_subcommand(
      "status",
      "What a running hark does: its sources, its watermark, its outputs; 1 if none runs");
  const auto arguments = std::make_shared<StatusArguments>();
  status->add_option("--data-dir", arguments->data_dir, "The data directory of hark run")
      ->required();
  status->add_option("--output", arguments->output, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
  status->callback(
      [arguments, &chosen] { chosen = [arguments] { return ShowStatus(*arguments); }; });
}

}  // namespace hark::cli
