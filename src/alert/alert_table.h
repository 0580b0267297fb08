#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "hark/alert.h"

#include "alert/layout.h"

namespace hark::alert {

// A table of alerts for people:
//
//   When                 Level     Who    What                     Count  From         Id
//   2026-11-23 18:04:22  high      alice  read 214 Secrets in 42m    214  203.0.113.7  3f2a9c01
//
// When is the time of the first event (UTC). Who and What read as the alert's sentence: a name at
// its beginning is not said twice. Count is the number of distinct values where the rule counts
// them, else of events; "~214" is at least 214 (not exact). Id is the beginning of the alert's id.
// Below 100 columns the sentence gets lines of its own. What events hold is escaped.
//
// With TableOptions::shows_changes the changes of an alert (opened, escalated, closed) have a row
// each, and a column behind the level says which one it is; below 111 columns it stands before the
// sentence.
//
// Immutable.
class AlertTable {
 public:
  explicit AlertTable(const TableOptions& options);

  std::string Titles() const { return LayOutTitles(columns_, color_); }

  // The row of an alert. `sentence` is what it says behind the actor's name.
  std::string Row(const Alert& alert, std::string_view sentence) const;

 private:
  bool color_;
  bool shows_changes_;
  std::vector<Column> columns_;
  std::size_t sentence_width_;  // 0: the sentence has a column
};

}  // namespace hark::alert
