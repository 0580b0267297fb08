#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "base/file_system.h"
#include "rules/loader.h"
#include "rules/rule_set.h"

namespace hark::pipeline {

// Names a rule set and the texts that it was compiled from: its version, and a hash of the texts
// (the version leaves out titles and summaries).
std::string RuleSetId(const rules::RuleSet& rules, const std::vector<rules::RuleFile>& files);

// The texts of the rule sets that a fact log was made with, `data_dir/rules/<id>`: the facts
// after the last snapshot were matched by the rules of their time, and only those can judge them
// after a restart, whatever has become of the rule files meanwhile. Not thread-safe.
class RuleArchive {
 public:
  // Makes the directory if need be. The file system must outlive the archive.
  static absl::StatusOr<RuleArchive> Open(FileSystem& file_system, std::string directory);

  // Keeps the files that the rule set was compiled from, durably. They may be there already.
  absl::Status Keep(const std::string& id, const std::vector<rules::RuleFile>& files);

  // Compiles a rule set that was kept. NotFound if it was not; DataLoss if it is damaged;
  // FailedPrecondition if this hark makes another rule set of the same files.
  absl::StatusOr<std::shared_ptr<const rules::RuleSet>> Load(const std::string& id) const;

  // The ids of those that are kept, sorted.
  absl::StatusOr<std::vector<std::string>> Ids() const;

  // Removes all but these. What cannot be removed stays.
  void RemoveAllBut(const std::set<std::string>& ids);

 private:
  RuleArchive(FileSystem& file_system, std::string directory)
      : file_system_(&file_system), directory_(std::move(directory)) {}

  FileSystem* file_system_;
  std::string directory_;
};

}  // namespace hark::pipeline
