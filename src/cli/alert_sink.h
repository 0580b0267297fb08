#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "absl/status/status.h"

#include "hark/alert.h"
#include "hark/output.h"

#include "alert/report.h"
#include "cli/progress_line.h"

namespace hark::cli {

// Takes the last revision of each alert as its episode closes: writes it, counts it, and remembers
// whether one was as bad as --fail-on says. Not thread-safe.
class AlertSink final : public RevisionSink {
 public:
  struct Options {
    Severity min_level = Severity::kLow;  // of what is written and counted
    std::optional<Severity> fail_on;
    Output* output = nullptr;           // may be null
    ProgressLine* progress = nullptr;   // taken off the terminal before an alert is written there
    std::atomic<bool>* stop = nullptr;  // set when the output fails: there is no point in going on
  };

  // What the pointers name must outlive the sink.
  explicit AlertSink(const Options& options) : options_(options) {}

  void OnRevision(const Alert& alert) override;

  const alert::Report& report() const { return report_; }
  std::uint64_t alerts() const { return alerts_; }
  bool reached_fail_level() const { return reached_fail_level_; }
  // The first error of the output. Nothing was written after it.
  const absl::Status& status() const { return status_; }

 private:
  const Options options_;
  alert::Report report_;
  std::uint64_t alerts_ = 0;
  bool reached_fail_level_ = false;
  absl::Status status_;
};

}  // namespace hark::cli
