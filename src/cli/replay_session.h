#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "hark/source.h"

#include "cli/exit_code.h"
#include "cli/replay_request.h"
#include "ingest/input_errors.h"
#include "ingest/record_source.h"
#include "pipeline/replay.h"

namespace hark::cli {

// What a replay for a request needs, and what it has met so far. Not thread-safe.
class ReplaySession {
 public:
  // `request` and `stop` must outlive the session. nullopt, and the errors are printed, if the
  // rules are bad; `code` then says so.
  static std::optional<ReplaySession> Create(const ReplayRequest& request, std::atomic<bool>& stop,
                                             ExitCode& code);

  const ReplayRequest& request() const { return request_; }
  std::atomic<bool>& stop() const { return stop_; }

  // Options for the request, without hooks. Times before the last event are resolved.
  const pipeline::ReplayOptions& options() const { return options_; }

  // Opens the inputs and reports those that cannot be opened. The session must outlive them.
  std::vector<std::unique_ptr<Source>> OpenInputs();

  // Reports the errors of sources that could not be read to their end, and those that the sources
  // have met and survived. An error that was reported before is not printed again; of very many
  // only the first are.
  void Report(const std::vector<absl::Status>& source_errors);

  // Writes what is left of the quarantine, and reports what went wrong with it.
  void FinishQuarantine();

  // Whether all inputs could be read, and the quarantine written, so far.
  ExitCode code() const { return code_; }

 private:
  ReplaySession(const ReplayRequest& request, std::atomic<bool>& stop,
                std::shared_ptr<const rules::RuleSet> rules);
  void ResolveTimes();
  ingest::RecordSource::Limits Limits() const {
    return {.max_record_bytes = request_.max_record_bytes};
  }
  absl::Status OpenQuarantine();
  void PrintNewErrors();

  const ReplayRequest& request_;
  std::atomic<bool>& stop_;
  pipeline::ReplayOptions options_;
  std::unique_ptr<pipeline::Quarantine> quarantine_;
  std::unique_ptr<ingest::InputErrors> errors_;  // its address stays when the session moves
  ExitCode code_ = ExitCode::kDone;
};

}  // namespace hark::cli
