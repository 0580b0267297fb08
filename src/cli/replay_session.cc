#include "cli/replay_session.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"

#include "base/status_macros.h"
#include "cli/message.h"
#include "cli/rule_loading.h"
#include "ingest/input.h"
#include "pipeline/batch_judge.h"
#include "pipeline/event_scan.h"

namespace hark::cli {
namespace {

// Of a folder of 100,000 files that cannot be read, a person wants to see some.
constexpr std::size_t kPrintedErrors = 50;

}  // namespace

std::optional<ReplaySession> ReplaySession::Create(const ReplayRequest& request,
                                                   std::atomic<bool>& stop, ExitCode& code) {
  const absl::StatusOr<std::vector<rules::RuleFile>> files = CollectRuleFiles(request.rule_paths);
  if (!files.ok()) {
    PrintError(files.status());
    code = ExitCode::kConfiguration;
    return std::nullopt;
  }
  std::shared_ptr<const rules::RuleSet> rules = CompileRules(*files);
  if (rules == nullptr) {
    code = ExitCode::kConfiguration;
    return std::nullopt;
  }
  ReplaySession session(request, stop, std::move(rules));
  if (const absl::Status status = session.OpenQuarantine(); !status.ok()) {
    PrintError(status);
    code = ExitCode::kInputOutput;
    return std::nullopt;
  }
  session.ResolveTimes();
  return session;
}

ReplaySession::ReplaySession(const ReplayRequest& request, std::atomic<bool>& stop,
                             std::shared_ptr<const rules::RuleSet> rules)
    : request_(request), stop_(stop), errors_(std::make_unique<ingest::InputErrors>()) {
  options_.rules = std::move(rules);
  options_.threads = request.threads;
  options_.lateness = request.lateness;
  options_.cluster = request.cluster;
  options_.now = request.now;
  options_.batch_bytes = request.batch_bytes;
  options_.max_event_bytes = request.max_record_bytes;
  options_.engine.max_state_bytes = request.state_bytes;
  options_.stop = &stop;
}

absl::Status ReplaySession::OpenQuarantine() {
  if (!request_.quarantine.empty()) {
    ASSIGN_OR_RETURN(quarantine_, pipeline::Quarantine::Create(
                                      request_.quarantine, request_.quarantine_raw
                                                               ? pipeline::Quarantine::Raw::kYes
                                                               : pipeline::Quarantine::Raw::kNo));
    options_.quarantine = quarantine_.get();
  }
  return absl::OkStatus();
}

void ReplaySession::FinishQuarantine() {
  if (quarantine_ != nullptr) {
    if (const absl::Status status = quarantine_->Finish(); !status.ok()) {
      Report({status});
    }
  }
}

void ReplaySession::ResolveTimes() {
  Micros last_event = 0;
  if (request_.has_relative_time()) {
    ingest::InputErrors ignored;  // reported when the inputs are opened to be judged
    last_event =
        pipeline::LastEventTime(ingest::OpenInputs(request_.inputs, &stop_, ignored, Limits()),
                                pipeline::LatestLegalTime(request_.now), &stop_)
            .value_or(0);
  }
  if (request_.from.has_value()) {
    options_.from = request_.from->Resolve(last_event);
  }
  if (request_.to.has_value()) {
    options_.to = request_.to->Resolve(last_event);
  }
}

std::vector<std::unique_ptr<Source>> ReplaySession::OpenInputs() {
  std::vector<std::unique_ptr<Source>> sources =
      ingest::OpenInputs(request_.inputs, &stop_, *errors_, Limits());
  PrintNewErrors();
  return sources;
}

void ReplaySession::Report(const std::vector<absl::Status>& source_errors) {
  for (const absl::Status& error : source_errors) {
    errors_->Add(error);
  }
  PrintNewErrors();
}

void ReplaySession::PrintNewErrors() {
  const std::vector<absl::Status> errors = errors_->TakeNew();
  for (std::size_t i = 0; i < std::min(errors.size(), kPrintedErrors); ++i) {
    PrintError(errors[i]);
  }
  if (errors.size() > kPrintedErrors) {
    PrintError(
        absl::StrFormat("and %d more inputs that cannot be read", errors.size() - kPrintedErrors));
  }
  if (!errors.empty()) {
    code_ = ExitCode::kInputOutput;
  }
}

}  // namespace hark::cli
