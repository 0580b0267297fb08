#pragma once

#include <functional>

#include "cli/exit_code.h"

namespace CLI {
class App;
}

namespace hark::cli {

// What the command line asks for, ready to run.
using Command = std::function<ExitCode()>;

// Each adds one command to the program: its options and its help. When the command line names the
// command, `chosen` is set. `chosen` must outlive `app`.
void AddAlertsCommand(CLI::App& app, Command& chosen);
void AddDlqCommand(CLI::App& app, Command& chosen);
void AddOutputsCommand(CLI::App& app, Command& chosen);
void AddReplayCommand(CLI::App& app, Command& chosen);
void AddRulesCommand(CLI::App& app, Command& chosen);  // with the four below
void AddRulesCheckCommand(CLI::App& rules, Command& chosen);
void AddRulesListCommand(CLI::App& rules, Command& chosen);
void AddRulesShowCommand(CLI::App& rules, Command& chosen);
void AddRulesTestCommand(CLI::App& rules, Command& chosen);
void AddConfigCommand(CLI::App& app, Command& chosen);
void AddFieldsCommand(CLI::App& app, Command& chosen);
void AddRunCommand(CLI::App& app, Command& chosen);
void AddSilenceCommand(CLI::App& app, Command& chosen);
void AddStatusCommand(CLI::App& app, Command& chosen);
void AddVersionCommand(CLI::App& app, Command& chosen);

}  // namespace hark::cli
