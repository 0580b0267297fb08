#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "rules/loader.h"
#include "rules/rule_set.h"

namespace hark::cli {

// The files of the given paths, with the shipped lists if the paths bring none; the shipped rules
// if there are no paths. Fails if a path cannot be read.
absl::StatusOr<std::vector<rules::RuleFile>> CollectRuleFiles(
    const std::vector<std::string>& paths);

// Is it a file of lists, and not of rules?
bool IsListFile(const rules::RuleFile& file);

// Compiles the files and prints all diagnostics to standard error. nullptr if there are errors.
std::shared_ptr<const rules::RuleSet> CompileRules(const std::vector<rules::RuleFile>& files);

}  // namespace hark::cli
