#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"

#include "CLI/CLI.hpp"
#include "cli/command.h"
#include "cli/message.h"
#include "cli/rule_loading.h"

namespace hark::cli {
namespace {

ExitCode RunCheck(const std::vector<std::string>& paths) {
  const absl::StatusOr<std::vector<rules::RuleFile>> files = CollectRuleFiles(paths);
  if (!files.ok()) {
    PrintError(files.status());
    return ExitCode::kConfiguration;
  }
  const std::shared_ptr<const rules::RuleSet> rules = CompileRules(*files);
  if (rules == nullptr) {
    return ExitCode::kConfiguration;
  }
  Print(absl::StrFormat("%d rules can raise alerts, %d look at single events\n",
                        rules->alert_rules.size(), rules->event_rules.size()));
  return ExitCode::kDone;
}

}  // namespace

void AddRulesCheckCommand(CLI::App& rules, Command& chosen) {
  CLI::App* const command =
      rules.add_subcommand("check", "Report all errors and warnings of rule files");
  auto paths = std::make_shared<std::vector<std::string>>();
  command->add_option("PATH", *paths, "Rule files and folders; default: the shipped rules");
  command->callback([paths, &chosen] { chosen = [paths] { return RunCheck(*paths); }; });
}

}  // namespace hark::cli
