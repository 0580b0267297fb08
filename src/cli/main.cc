#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"

#include "CLI/CLI.hpp"
#include "base/allocator.h"
#include "cli/command.h"
#include "cli/message.h"

namespace hark::cli {
namespace {

// The one place where CLI11's exceptions end. Asking for help is one of them, too.
ExitCode ReportParseError(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
    app.exit(error);
    return ExitCode::kDone;
  }
  const CLI::App* command = &app;
  std::string name = "hark";
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().front();
    name += " " + command->get_name();
  }
  // Of a word that is no command CLI11 says only that one is missing.
  const std::vector<std::string> unknown = app.remaining(true);
  const bool lacks_command = error.get_name() == "RequiredError" && !unknown.empty();
  const std::string message =
      lacks_command ? absl::StrFormat("there is no command \"%s %s\"", name, unknown.front())
                    : error.what();
  PrintError(absl::StrFormat("%s (see %s --help)", message, name));
  return ExitCode::kUsage;
}

// What was printed may not have been written yet. A reader that has had enough is no failure.
ExitCode FlushOutput() {
  if (std::fflush(stdout) == 0 || errno == EPIPE) {
    return ExitCode::kDone;
  }
  PrintError(absl::ErrnoToStatus(errno, "cannot write to standard output"));
  return ExitCode::kInputOutput;
}

ExitCode Main(int argc, const char* const* argv) {
  GiveBackLarge();
  // A closed pipe is an error of the write that meets it, not the end of the program.
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app("hark listens to a Kubernetes API server: it finds attacks in audit logs.", "hark");
  app.require_subcommand(1);
  Command command;
  AddRunCommand(app, command);
  AddReplayCommand(app, command);
  AddStatusCommand(app, command);
  AddAlertsCommand(app, command);
  AddSilenceCommand(app, command);
  AddOutputsCommand(app, command);
  AddDlqCommand(app, command);
  AddRulesCommand(app, command);
  AddConfigCommand(app, command);
  AddFieldsCommand(app, command);
  AddVersionCommand(app, command);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return ReportParseError(app, error);
  }
  return Worst(command(), FlushOutput());
}

}  // namespace
}  // namespace hark::cli

int main(int argc, char** argv) {
  return static_cast<int>(hark::cli::Main(argc, argv));
}
