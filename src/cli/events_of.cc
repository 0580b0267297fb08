#include "cli/events_of.h"

#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_format.h"

#include "alert/file_writer.h"
#include "base/hash128.h"
#include "base/text.h"
#include "cli/message.h"
#include "cli/terminal.h"
#include "detect/engine.h"
#include "match/matcher.h"
#include "pipeline/batch_judge.h"
#include "pipeline/event_scan.h"

namespace hark::cli {
namespace {

using EventKeys = absl::flat_hash_set<Hash128, Hash128Hasher>;

// Remembers the events of the alerts whose id has a prefix. Revisions are not of interest.
class EventCollector final : public detect::EpisodeObserver, public RevisionSink {
 public:
  explicit EventCollector(std::string_view prefix) : prefix_(prefix) {}

  void OnEpisodeEvent(const std::string& alert_id, const Hash128& key) override {
    if (std::string_view(alert_id).starts_with(prefix_)) {
      alerts_[alert_id].insert(key);
    }
  }
  void OnRevision(const Alert& /*alert*/) override {}

  std::map<std::string, EventKeys>& alerts() { return alerts_; }

 private:
  const std::string_view prefix_;
  std::map<std::string, EventKeys> alerts_;
};

std::string JoinIds(const std::map<std::string, EventKeys>& alerts) {
  std::string ids;
  for (const auto& [id, keys] : alerts) {
    ids += (ids.empty() ? "" : ", ") + id;
  }
  return ids;
}

// Prints those events of the sources whose key is in `keys`, and takes it out.
ExitCode PrintEvents(ReplaySession& session, EventKeys& keys) {
  alert::FileWriter writer(stdout);
  absl::Status status;
  const bool is_terminal = IsTerminal(stdout);
  std::vector<absl::Status> errors;
  for (const std::unique_ptr<Source>& source : session.OpenInputs()) {
    const std::string& users_name =
        source->cluster().empty() ? session.request().cluster : source->cluster();
    const absl::Status read = pipeline::ScanEvents(
        *source, kAllEventParts, &session.stop(),
        [&](const AuditEvent& event, std::string_view cluster) {
          const Hash128 key = match::EventKeyOf(event, pipeline::ClusterOf(users_name, cluster));
          if (status.ok() && keys.erase(key) > 0) {
            status = writer.Write(is_terminal ? EscapeForTerminal(event.raw) + "\n"
                                              : std::string(event.raw) + "\n");
          }
        });
    if (!read.ok()) {
      errors.push_back(read);
    }
  }
  session.Report(errors);
  status.Update(writer.Flush());
  return status.ok() ? session.code() : ExitCode::kInputOutput;
}

}  // namespace

ExitCode PrintEventsOf(ReplaySession& session) {
  const std::string& prefix = session.request().events_of;
  EventCollector collector(prefix);
  pipeline::ReplayOptions options = session.options();
  options.observer = &collector;
  const pipeline::ReplayResult result = pipeline::Replay(options, session.OpenInputs(), collector);
  session.Report(result.source_errors);
  if (result.stopped) {
    return ExitCode::kInterrupted;
  }
  if (collector.alerts().empty()) {
    PrintError(absl::StrFormat("no alert has an id that begins with %s", prefix));
    return Worst(session.code(), ExitCode::kUsage);
  }
  if (collector.alerts().size() > 1) {
    PrintError(absl::StrFormat("%s is the beginning of more than one id: %s", prefix,
                               JoinIds(collector.alerts())));
    return Worst(session.code(), ExitCode::kUsage);
  }
  return PrintEvents(session, collector.alerts().begin()->second);
}

}  // namespace hark::cli
