#include "CLI/CLI.hpp"
#include "cli/command.h"

namespace hark::cli {

void AddRulesCommand(CLI::App& app, Command& chosen) {
  CLI::App* const rules = app.add_subcommand("rules", "Check, list, show and test rules");
  rules->require_subcommand(1);
  AddRulesCheckCommand(*rules, chosen);
  AddRulesListCommand(*rules, chosen);
  AddRulesShowCommand(*rules, chosen);
  AddRulesTestCommand(*rules, chosen);
}

}  // namespace hark::cli
