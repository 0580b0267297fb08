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

struct ShowArguments {
  std::string rule;
  std::vector<std::string> paths;
};

template <typename Rule>
bool IsNamed(const Rule& rule, const std::string& name) {
  return rule.id == name || rule.name == name || rule.title == name;
}

// The rules that look at single events and are meant by the name: a correlation means those that
// feed it.
std::string PrintRule(const rules::RuleSet& rules, const std::string& name) {
  std::string text;
  for (const rules::EventRule& rule : rules.event_rules) {
    bool is_meant = IsNamed(rule, name);
    for (const std::uint32_t fed : rule.feeds) {
      is_meant = is_meant || IsNamed(rules.alert_rules[fed].info, name);
    }
    if (is_meant) {
      text += Print(rules, rule);
    }
  }
  return text;
}

ExitCode RunShow(const ShowArguments& arguments) {
  const absl::StatusOr<std::vector<rules::RuleFile>> files = CollectRuleFiles(arguments.paths);
  if (!files.ok()) {
    PrintError(files.status());
    return ExitCode::kConfiguration;
  }
  const std::shared_ptr<const rules::RuleSet> rules = CompileRules(*files);
  if (rules == nullptr) {
    return ExitCode::kConfiguration;
  }
  if (arguments.rule.empty()) {
    Print(rules::Print(*rules));
    return ExitCode::kDone;
  }
  const std::string text = PrintRule(*rules, arguments.rule);
  if (text.empty()) {
    PrintError(
        absl::StrFormat("there is no rule \"%s\": hark rules list shows all", arguments.rule));
    return ExitCode::kUsage;
  }
  Print(text);
  return ExitCode::kDone;
}

}  // namespace

void AddRulesShowCommand(CLI::App& rules, Command& chosen) {
  CLI::App* const command = rules.add_subcommand("show", "Print rules in their compiled form");
  auto arguments = std::make_shared<ShowArguments>();
  command->add_option("RULE", arguments->rule, "Id, name or title; default: all rules");
  command->add_option("--rules", arguments->paths,
                      "Rule files and folders in place of the shipped rules");
  command->callback([arguments, &chosen] { chosen = [arguments] { return RunShow(*arguments); }; });
}

}  // namespace hark::cli
