#include "cli/rule_loading.h"

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "absl/strings/str_format.h"

#include "base/diagnostics.h"
#include "base/status_macros.h"

namespace hark::cli {

absl::StatusOr<std::vector<rules::RuleFile>> CollectRuleFiles(
    const std::vector<std::string>& paths) {
  if (paths.empty()) {
    return rules::ShippedRules();
  }
  ASSIGN_OR_RETURN(std::vector<rules::RuleFile> files, rules::ReadRuleFiles(paths));
  if (std::none_of(files.begin(), files.end(), IsListFile)) {
    const std::vector<rules::RuleFile>& shipped = rules::ShippedRules();
    std::copy_if(shipped.begin(), shipped.end(), std::back_inserter(files), IsListFile);
  }
  return files;
}

bool IsListFile(const rules::RuleFile& file) {
  const std::filesystem::path folder = std::filesystem::path(file.path).parent_path();
  return std::find(folder.begin(), folder.end(), "lists") != folder.end();
}

std::shared_ptr<const rules::RuleSet> CompileRules(const std::vector<rules::RuleFile>& files) {
  Diagnostics diagnostics;
  std::shared_ptr<const rules::RuleSet> rules = rules::LoadRules(files, diagnostics);
  absl::FPrintF(stderr, "%s", diagnostics.Format(files));
  return rules;
}

}  // namespace hark::cli
