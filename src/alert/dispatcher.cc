#include "alert/dispatcher.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <random>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

#include "alert/alert_reader.h"
#include "base/status_macros.h"
#include "base/steady_clock.h"

namespace hark::alert {
namespace {

absl::Status CheckNames(const std::vector<OutputSettings>& outputs) {
  std::set<std::string> names;
  for (const OutputSettings& output : outputs) {
    if (!names.insert(output.name).second) {
      return InvalidArgument("two outputs have the name \"%s\"", output.name);
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::string_view OutputStateName(OutputState state) {
  constexpr std::array<std::string_view, 4> kNames = {"working", "failing", "stopped", "closed"};
  return kNames.at(static_cast<std::size_t>(state));
}

Dispatcher::Dispatcher(AlertStore& store, const DispatcherOptions& options)
    : store_(store),
      options_(options),
      own_clock_(options.steady == nullptr ? std::make_unique<SteadyClock>(*options.clock)
                                           : nullptr),
      silences_(options.silences) {}

Dispatcher::~Dispatcher() = default;

absl::StatusOr<std::unique_ptr<Dispatcher>> Dispatcher::Start(AlertStore& store,
                                                              std::vector<OutputSettings> outputs,
                                                              const DispatcherOptions& options) {
  RETURN_IF_ERROR(CheckNames(outputs));
  ASSIGN_OR_RETURN(AlertReader reader, store.OpenReader());
  ASSIGN_OR_RETURN(const Cursors cursors, reader.ReadCursors());
  ASSIGN_OR_RETURN(const std::int64_t last_sequence, reader.LastSequence());
  std::unique_ptr<Dispatcher> dispatcher(new Dispatcher(store, options));
  RETURN_IF_ERROR(dispatcher->RemoveOthers(outputs, cursors));
  RETURN_IF_ERROR(dispatcher->silences_.Load(reader));
  std::random_device device;
  std::uint64_t seed = options.seed.value_or(device());
  for (OutputSettings& output : outputs) {
    ASSIGN_OR_RETURN(const std::int64_t cursor,
                     dispatcher->CursorOf(output.name, cursors, last_sequence));
    ASSIGN_OR_RETURN(
        std::unique_ptr<OutputRunner> runner,
        OutputRunner::Start(
            std::move(output), cursor,
            {.store = &store,
             .wall = options.clock,
             .steady = options.steady == nullptr ? dispatcher->own_clock_.get() : options.steady,
             .log = options.log,
             .metrics = options.metrics,
             .silences = &dispatcher->silences_,
             .cursor_interval = options.cursor_interval,
             .seed = seed++}));
    dispatcher->runners_.push_back(std::move(runner));
  }
  return dispatcher;
}

absl::StatusOr<std::int64_t> Dispatcher::CursorOf(const std::string& output, const Cursors& cursors,
                                                  std::int64_t last_sequence) {
  const auto known = std::find_if(cursors.begin(), cursors.end(),
                                  [&output](const auto& cursor) { return cursor.first == output; });
  if (known != cursors.end()) {
    return known->second;
  }
  RETURN_IF_ERROR(store_.Advance(output, last_sequence));
  return last_sequence;
}

absl::Status Dispatcher::RemoveOthers(const std::vector<OutputSettings>& outputs,
                                      const Cursors& cursors) {
  if (options_.metrics != nullptr) {
    std::vector<std::string> names;
    names.reserve(outputs.size());
    for (const OutputSettings& output : outputs) {
      names.push_back(output.name);
    }
    options_.metrics->KeepOnly(names);
  }
  for (const auto& [name, cursor] : cursors) {
    const bool is_there =
        std::any_of(outputs.begin(), outputs.end(),
                    [&name = name](const OutputSettings& output) { return output.name == name; });
    if (is_there) {
      continue;
    }
    RETURN_IF_ERROR(store_.RemoveOutput(name));
    if (options_.log != nullptr) {
      options_.log->Write({.key = "output_removed",
                           .text = "An output is no longer configured; its place is forgotten.",
                           .about = name},
                          {{"output", name}});
    }
  }
  return absl::OkStatus();
}

void Dispatcher::Notify() {
  for (const std::unique_ptr<OutputRunner>& runner : runners_) {
    runner->Notify();
  }
}

absl::Status Dispatcher::ReloadSilences() {
  ASSIGN_OR_RETURN(AlertReader reader, store_.OpenReader());
  return silences_.Load(reader);
}

void Dispatcher::Reopen() {
  for (const std::unique_ptr<OutputRunner>& runner : runners_) {
    runner->Reopen();
  }
}

absl::Status Dispatcher::Drain(absl::Duration at_most, Patience patience) {
  const absl::Duration bounded = std::min(at_most, absl::Hours(24 * 365));
  const auto deadline = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(bounded);
  ASSIGN_OR_RETURN(AlertReader reader, store_.OpenReader());
  ASSIGN_OR_RETURN(const std::int64_t last_sequence, reader.LastSequence());
  std::vector<std::string> behind;
  for (const std::unique_ptr<OutputRunner>& runner : runners_) {
    if (!runner->WaitUntilDone(last_sequence, patience == Patience::kWhileItWorks, deadline)) {
      const OutputStatus status = runner->Status();
      behind.push_back(absl::StrFormat("%s (%d alert revisions%s%s)", status.name,
                                       status.queue_length, status.last_error.empty() ? "" : ": ",
                                       status.last_error));
    }
  }
  return behind.empty() ? absl::OkStatus()
                        : absl::DeadlineExceededError(
                              absl::StrFormat("not delivered to %s", absl::StrJoin(behind, ", ")));
}

void Dispatcher::Stop() {
  for (const std::unique_ptr<OutputRunner>& runner : runners_) {
    runner->Stop();
  }
}

std::vector<OutputStatus> Dispatcher::Status() const {
  std::vector<OutputStatus> statuses;
  statuses.reserve(runners_.size());
  for (const std::unique_ptr<OutputRunner>& runner : runners_) {
    statuses.push_back(runner->Status());
  }
  return statuses;
}

void WriteOutputs(const std::vector<OutputStatus>& outputs, JsonWriter& json) {
  json.BeginArray();
  for (const OutputStatus& output : outputs) {
    json.BeginObject().Key("name").String(output.name).Key("kind").String(output.kind);
    json.Key("state").String(OutputStateName(output.state)).Key("cursor").Signed(output.cursor);
    json.Key("queue_length").Unsigned(output.queue_length);
    json.Key("oldest_age_seconds").Signed(absl::ToInt64Seconds(output.oldest_age));
    const OutputCounts& counts = output.counts;
    json.Key("revisions").BeginObject();
    json.Key("delivered").Unsigned(counts.delivered).Key("retried").Unsigned(counts.retried);
    json.Key("rejected").Unsigned(counts.rejected).Key("expired").Unsigned(counts.expired);
    json.Key("silenced").Unsigned(counts.silenced).Key("filtered").Unsigned(counts.filtered);
    json.Key("replayed").Unsigned(counts.replayed).EndObject();
    json.Key("dead_letters").Unsigned(output.dead_letters);
    if (!output.last_error.empty()) {
      json.Key("last_error").String(output.last_error);
    }
    json.EndObject();
  }
  json.EndArray();
}

}  // namespace hark::alert
