#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "hark/alert.h"

#include "alert/layout.h"

namespace hark::alert {

// Counts alerts by rule and level, for the end of a run. Its size depends on the number of rules
// only. Not thread-safe.
class Report {
 public:
  // REQUIRES: called once for each alert, with its last revision.
  void Add(const Alert& alert);

  // A table, the highest level and the most alerts first. Empty if there was no alert.
  std::string Render(const TableOptions& options) const;

 private:
  struct Row {
    std::string title;
    Severity level = Severity::kMedium;
    std::uint64_t alerts = 0;
    std::uint64_t events = 0;
  };
  std::map<std::pair<std::string, Severity>, Row> rows_;  // by rule id and level
};

}  // namespace hark::alert
