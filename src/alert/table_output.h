#pragma once

#include <cstdio>

#include "absl/status/status.h"

#include "hark/output.h"

#include "alert/alert_table.h"
#include "alert/file_writer.h"
#include "alert/layout.h"

namespace hark::alert {

// Writes an AlertTable, a row for each revision as it comes.
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
  AlertTable table_;
  bool has_rows_ = false;
};

}  // namespace hark::alert
