#pragma once

#include <cstdio>
#include <vector>

#include "absl/status/status.h"

#include "hark/output.h"

#include "alert/file_writer.h"
#include "alert/layout.h"

namespace hark::alert {

// Writes a table for people, a row for each revision as it comes:
//
//   When                 Level     Who    What                     Count  From         Id
//   2026-11-23 18:04:22  high      alice  read 214 Secrets in 42m    214  203.0.113.7  3f2a9c01
//
// When is the time of the first event (UTC). Who and What read as the alert's sentence: a name at
// its beginning is not said twice. Count is the number of distinct values where the rule counts
// them, else of events; "~214" is at least 214 (not exact). Id is the beginning of the alert's id.
// Below 100 columns the sentence gets lines of its own. What events hold is escaped.
//
// Not thread-safe; the file must outlive it.
class TableOutput final : public Output {
 public:
  TableOutput(std::FILE* file, const TableOptions& options);

  absl::Status Write(const Alert& alert) override;
  absl::Status Flush() override { return writer_.Flush(); }

  // Says so if there was no alert, and flushes. Nothing may be written after it.
  absl::Status Finish();

 private:
  FileWriter writer_;
  bool color_;
  std::vector<Column> columns_;
  std::size_t sentence_width_;  // 0: the sentence has a column
  bool has_rows_ = false;
};

}  // namespace hark::alert
