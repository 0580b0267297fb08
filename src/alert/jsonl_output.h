#pragma once

#include <cstdio>

#include "absl/status/status.h"

#include "hark/output.h"

#include "alert/file_writer.h"

namespace hark::alert {

// Writes each revision as one line of canonical JSON (docs/alerts.md). Not thread-safe; the file
// must outlive it.
class JsonlOutput final : public Output {
 public:
  explicit JsonlOutput(std::FILE* file) : writer_(file) {}

  absl::Status Write(const Alert& alert) override;
  absl::Status Flush() override { return writer_.Flush(); }

 private:
  FileWriter writer_;
};

}  // namespace hark::alert
