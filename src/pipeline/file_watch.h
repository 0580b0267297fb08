#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hark::pipeline {

// Notices that files have changed: the configuration, rules, lists. Looks at names, sizes, inodes
// and times of the files and of all below the folders, so it sees every way of changing them: in
// place, by renaming, and a volume of Kubernetes whose link is switched. Not thread-safe.
class FileWatch {
 public:
  // Paths that do not exist are watched, too.
  explicit FileWatch(std::vector<std::string> paths);

  // True if something has changed since the last time it was true, and nothing since the last call:
  // whoever writes several files is given the time to finish.
  bool HasChanged();

  const std::vector<std::string>& paths() const { return paths_; }

 private:
  std::string Look() const;

  std::vector<std::string> paths_;
  std::string reported_;  // what it looked like when HasChanged was true, or at first
  std::string last_;      // at the last call
};

}  // namespace hark::pipeline
