#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"

#include "CLI/CLI.hpp"
#include "base/text.h"
#include "cli/command.h"
#include "cli/message.h"
#include "cli/rule_loading.h"

namespace hark::cli {
namespace {

// The name of a rule, or its id if it has none: what `hark rules show` takes.
const std::string& Handle(const RuleInfo& info) {
  return info.name.empty() ? info.id : info.name;
}

ExitCode RunList(const std::vector<std::string>& paths) {
  const absl::StatusOr<std::vector<rules::RuleFile>> files = CollectRuleFiles(paths);
  if (!files.ok()) {
    PrintError(files.status());
    return ExitCode::kConfiguration;
  }
  const std::shared_ptr<const rules::RuleSet> rules = CompileRules(*files);
  if (rules == nullptr) {
    return ExitCode::kConfiguration;
  }
  std::size_t width = 0;
  for (const rules::AlertRule& rule : rules->alert_rules) {
    width = std::max(width, Handle(rule.info).size());
  }
  for (const rules::AlertRule& rule : rules->alert_rules) {
    Print(absl::StrFormat("%-13s  %-*s  %s\n", SeverityName(rule.level), static_cast<int>(width),
                          EscapeForTerminal(Handle(rule.info)),
                          EscapeForTerminal(rule.info.title)));
  }
  return ExitCode::kDone;
}

}  // namespace

void AddRulesListCommand(CLI::App& rules, Command& chosen) {
  CLI::App* const command =
      rules.add_subcommand("list", "List the rules that raise alerts: level, name and title");
  auto paths = std::make_shared<std::vector<std::string>>();
  command->add_option("PATH", *paths, "Rule files and folders; default: the shipped rules");
  command->callback([paths, &chosen] { chosen = [paths] { return RunList(*paths); }; });
}

}  // namespace hark::cli
