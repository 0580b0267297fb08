#include "cli/replay_run.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"

#include "hark/clock.h"

#include "alert/jsonl_output.h"
#include "alert/table_output.h"
#include "cli/alert_sink.h"
#include "cli/events_of.h"
#include "cli/file_limit.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include "cli/progress_line.h"
#include "cli/replay_session.h"
#include "cli/statistics.h"
#include "cli/terminal.h"
#include "pipeline/replay.h"
#include "pipeline/warnings.h"

namespace hark::cli {
namespace {

// The bytes of all sources; 0 if one of them does not know.
std::uint64_t TotalBytes(const std::vector<std::unique_ptr<Source>>& sources) {
  std::uint64_t total = 0;
  for (const std::unique_ptr<Source>& source : sources) {
    if (source->size_hint() == 0) {
      return 0;
    }
    total += source->size_hint();
  }
  return total;
}

bool IsClosedPipe(const absl::Status& status) {
  return absl::EndsWith(status.message(), absl::ErrnoToStatus(EPIPE, "").message());
}

// The alerts of one request: shows them, then what was read.
class AlertRun {
 public:
  explicit AlertRun(ReplaySession& session)
      : session_(session),
        sources_(session.OpenInputs()),
        table_options_({.color = WantsColor(stdout), .width = TerminalColumns(stdout)}),
        table_(stdout, table_options_),
        jsonl_(stdout),
        progress_(stderr, TotalBytes(sources_), Clock::System()),
        sink_({.min_level = session.request().min_level,
               .fail_on = session.request().fail_on,
               .output = ChooseOutput(),
               .progress = &progress_,
               .stop = &session.stop()}) {}

  ExitCode Run() {
    if (sources_.empty()) {
      return session_.code();
    }
    pipeline::ReplayOptions options = session_.options();
    options.on_progress = [this](const pipeline::ReplayProgress& progress) {
      progress_.Update(progress);
    };
    const absl::Time start = Clock::System().Now();
    const pipeline::ReplayResult result = pipeline::Replay(options, std::move(sources_), sink_);
    const absl::Duration elapsed = Clock::System().Now() - start;
    progress_.Clear();
    session_.Report(result.source_errors);
    session_.FinishQuarantine();
    const absl::Status output_status = FinishOutput();
    if (output_status.ok()) {
      ShowResult(result, elapsed);
    } else if (!IsClosedPipe(output_status)) {
      PrintError(output_status);
    }
    return CodeOf(result, output_status);
  }

 private:
  Output* ChooseOutput() {
    switch (session_.request().output) {
      case OutputKind::kTable:
        return &table_;
      case OutputKind::kJsonl:
        return &jsonl_;
      case OutputKind::kNone:
        return nullptr;
    }
    return nullptr;
  }

  absl::Status FinishOutput() {
    if (!sink_.status().ok()) {
      return sink_.status();
    }
    return session_.request().output == OutputKind::kTable ? table_.Finish() : jsonl_.Flush();
  }

  // Standard output is the alerts' alone where a program reads them.
  void ShowResult(const pipeline::ReplayResult& result, absl::Duration elapsed) {
    const bool is_table = session_.request().output == OutputKind::kTable;
    std::string text;
    if (session_.request().output != OutputKind::kJsonl && sink_.alerts() > 0) {
      alert::TableOptions options = table_options_;
      options.color = is_table ? options.color : WantsColor(stderr);
      text += "\n" + sink_.report().Render(options);
    }
    text += (is_table ? "\n" : "") + FormatStatistics(result, elapsed);
    absl::FPrintF(is_table ? stdout : stderr, "%s", text);
    std::fflush(stdout);
    for (const std::string& warning : pipeline::Warnings(result)) {
      PrintWarning(warning);
    }
  }

  ExitCode CodeOf(const pipeline::ReplayResult& result, const absl::Status& output_status) const {
    ExitCode code = session_.code();
    if (sink_.reached_fail_level()) {
      code = Worst(code, ExitCode::kFindings);
    }
    if (!output_status.ok()) {
      // A reader that has had enough is no failure.
      return IsClosedPipe(output_status) ? code : ExitCode::kInputOutput;
    }
    return result.stopped ? ExitCode::kInterrupted : code;
  }

  ReplaySession& session_;
  std::vector<std::unique_ptr<Source>> sources_;
  const alert::TableOptions table_options_;
  alert::TableOutput table_;
  alert::JsonlOutput jsonl_;
  ProgressLine progress_;
  AlertSink sink_;
};

}  // namespace

ExitCode RunReplay(const ReplayRequest& request) {
  AllowManyFiles();
  ExitCode code = ExitCode::kDone;
  std::optional<ReplaySession> session = ReplaySession::Create(request, StopOnInterrupt(), code);
  if (!session.has_value()) {
    return code;
  }
  return request.events_of.empty() ? AlertRun(*session).Run() : PrintEventsOf(*session);
}

}  // namespace hark::cli
