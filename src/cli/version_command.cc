#include "CLI/CLI.hpp"
#include "cli/command.h"
#include "cli/message.h"

namespace hark::cli {
namespace {

constexpr const char* kVersionLine = "hark " HARK_VERSION;

}  // namespace

void AddVersionCommand(CLI::App& app, Command& chosen) {
  app.set_version_flag("--version", kVersionLine, "Print the version");
  CLI::App* const command = app.add_subcommand("version", "Print the version");
  command->callback([&chosen] {
    chosen = [] {
      Print(kVersionLine);
      Print("\n");
      return ExitCode::kDone;
    };
  });
}

}  // namespace hark::cli
