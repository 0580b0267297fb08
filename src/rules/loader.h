#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "base/diagnostics.h"
#include "rules/rule_set.h"

namespace hark::rules {

// A rule or list file. Files named *_test.yml are not rules and are ignored by the loader.
using RuleFile = TextFile;

// The rules that are built into the binary (rules/ of the source tree).
const std::vector<RuleFile>& ShippedRules();

// Reads files and folders (recursively, *.yml and *.yaml, sorted by path). Fails if one of the
// paths cannot be read. Files below a folder `lists` are lists, all others rules.
absl::StatusOr<std::vector<RuleFile>> ReadRuleFiles(const std::vector<std::string>& paths);

// Compiles rules. All errors and warnings of all files go to `diagnostics`; returns nullptr if
// there was an error among them. Files whose list is missing fall back to nothing: pass the
// shipped lists along with a user's rules.
std::shared_ptr<const RuleSet> LoadRules(const std::vector<RuleFile>& files,
                                         Diagnostics& diagnostics);

}  // namespace hark::rules
