#include <algorithm>
#include <cctype>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"

#include "hark/clock.h"

#include "CLI/CLI.hpp"
#include "base/names.h"
#include "base/rfc3339.h"
#include "base/status_macros.h"
#include "cli/command.h"
#include "cli/flag_values.h"
#include "cli/message.h"
#include "cli/replay_request.h"
#include "cli/replay_run.h"
#include "ingest/file_stream.h"
#include "pipeline/event_reader.h"

namespace hark::cli {
namespace {

constexpr int kMaxThreads = 256;
constexpr std::size_t kMinIdDigits = 6;
constexpr std::size_t kIdDigits = 32;
// As limits.max_record_bytes of a configuration.
constexpr std::size_t kMinRecordBytes = std::size_t{64} << 10;
constexpr std::size_t kMaxRecordBytes = std::size_t{1} << 30;

// The options as text, with their defaults.
struct ReplayArguments {
  std::vector<std::string> inputs, rules;
  std::string from, to, output = "table", min_level = "low", fail_on, lateness = "60s", cluster,
                        now, events_of, quarantine;
  int threads = static_cast<int>(std::max(std::thread::hardware_concurrency(), 1U));
  std::uint64_t state_bytes = std::uint64_t{512} << 20;
  std::size_t batch_bytes = std::size_t{512} << 10;
  std::size_t max_record_bytes = pipeline::kMaxEventBytes;
  bool quarantine_raw = false;
};

absl::StatusOr<Severity> ToLevel(const char* option, const std::string& text) {
  const std::optional<Severity> level = ParseSeverity(text);
  if (!level.has_value()) {
    return InvalidArgument("%s: \"%s\" is none of informational, low, medium, high, critical",
                           option, text);
  }
  return *level;
}

absl::StatusOr<OutputKind> ToOutputKind(const std::string& text) {
  if (text == "table") {
    return OutputKind::kTable;
  }
  if (text == "jsonl") {
    return OutputKind::kJsonl;
  }
  if (text == "none") {
    return OutputKind::kNone;
  }
  return InvalidArgument("--output: \"%s\" is none of table, jsonl, none", text);
}

absl::StatusOr<std::optional<pipeline::TimeBound>> ToTimeBound(const char* option,
                                                               const std::string& text) {
  if (text.empty()) {
    return std::optional<pipeline::TimeBound>();
  }
  const std::optional<pipeline::TimeBound> bound = pipeline::ParseTimeBound(text);
  if (!bound.has_value()) {
    return InvalidArgument(
        "%s: \"%s\" is no time: expected 2026-11-23T18:00:00Z, or -2h for 2 h before the last "
        "event",
        option, text);
  }
  return bound;
}

absl::StatusOr<Micros> ToNow(const std::string& text) {
  if (text.empty()) {
    return absl::ToUnixMicros(Clock::System().Now());
  }
  const std::optional<Micros> now = ParseRfc3339(text);
  if (!now.has_value()) {
    return InvalidArgument("--now: \"%s\" is no time: expected 2026-11-23T18:00:00Z", text);
  }
  return *now;
}

absl::StatusOr<std::string> ToIdPrefix(std::string text) {
  const bool is_hex =
      std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
  if (!text.empty() && (!is_hex || text.size() < kMinIdDigits || text.size() > kIdDigits)) {
    return InvalidArgument("--events-of: \"%s\" is no alert id: expected 6 to 32 hex digits", text);
  }
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// What needs the inputs twice cannot be done with a pipe.
absl::Status CheckInputs(const ReplayRequest& request) {
  const auto is_stdin = [](const ingest::InputArgument& input) { return input.is_stdin(); };
  if (std::count_if(request.inputs.begin(), request.inputs.end(), is_stdin) > 1) {
    return InvalidArgument("standard input can be read only once");
  }
  if (!request.has_relative_time() && request.events_of.empty()) {
    return absl::OkStatus();
  }
  const std::string_view option =
      request.events_of.empty() ? "a time before the last event" : "--events-of";
  for (const ingest::InputArgument& input : request.inputs) {
    std::error_code ignored;
    if (input.is_stdin() || std::filesystem::is_fifo(input.path, ignored)) {
      return InvalidArgument("%s needs its input twice: write it to a file first", option);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<ReplayRequest> ToRequest(const ReplayArguments& arguments) {
  ReplayRequest request;
  for (const std::string& input : arguments.inputs) {
    request.inputs.push_back(ingest::ParseInputArgument(input));
  }
  request.rule_paths = arguments.rules;
  request.cluster = arguments.cluster;
  request.quarantine = arguments.quarantine;
  request.quarantine_raw = arguments.quarantine_raw;
  request.threads = arguments.threads;
  request.state_bytes = arguments.state_bytes;
  request.batch_bytes = arguments.batch_bytes;
  request.max_record_bytes = arguments.max_record_bytes;
  ASSIGN_OR_RETURN(request.from, ToTimeBound("--from", arguments.from));
  ASSIGN_OR_RETURN(request.to, ToTimeBound("--to", arguments.to));
  ASSIGN_OR_RETURN(request.output, ToOutputKind(arguments.output));
  ASSIGN_OR_RETURN(request.min_level, ToLevel("--min-level", arguments.min_level));
  if (!arguments.fail_on.empty()) {
    ASSIGN_OR_RETURN(request.fail_on, ToLevel("--fail-on", arguments.fail_on));
  }
  ASSIGN_OR_RETURN(request.lateness, ToLateness(arguments.lateness));
  ASSIGN_OR_RETURN(request.now, ToNow(arguments.now));
  ASSIGN_OR_RETURN(request.events_of, ToIdPrefix(arguments.events_of));
  RETURN_IF_ERROR(CheckInputs(request));
  return request;
}

ExitCode Run(const ReplayArguments& arguments) {
  const absl::StatusOr<ReplayRequest> request = ToRequest(arguments);
  if (!request.ok()) {
    PrintError(request.status());
    return ExitCode::kUsage;
  }
  return RunReplay(*request);
}

}  // namespace

void AddReplayCommand(CLI::App& app, Command& chosen) {
  CLI::App* const command = app.add_subcommand("replay", "Find attacks in recorded audit logs");
  auto arguments = std::make_shared<ReplayArguments>();
  ReplayArguments& a = *arguments;
  command
      ->add_option(
          "INPUT", a.inputs,
          "[NAME=]PATH of an audit log, of a folder of them, or a quoted pattern with * ? [...]; "
          "- for standard input; NAME is the cluster. Plain, gzip or zstd, in every form that "
          "docs/managed-clouds.md names. Rotated files of one log are read in their order, the "
          "others by time")
      ->required();
  command->add_option("--rules", a.rules, "Rule files and folders in place of the shipped rules");
  command->add_option("--from", a.from,
                      "Leave out alerts last seen before this time: 2026-11-23T18:00:00Z, or -2h "
                      "before the last event");
  command->add_option("--to", a.to, "Leave out events at or after this time");
  command->add_option("--output", a.output, "table, jsonl or none")->capture_default_str();
  command->add_option("--min-level", a.min_level, "Show alerts of this level and above")
      ->capture_default_str();
  command->add_option("--fail-on", a.fail_on,
                      "Exit with 1 if there was an alert of this level or above");
  command->add_option("--events-of", a.events_of,
                      "Print the raw events behind the alert with this id, or beginning of one");
  command->add_option("--threads", a.threads, "Threads that parse and match")
      ->check(CLI::Range(1, kMaxThreads))
      ->capture_default_str();
  command->add_option("--lateness", a.lateness, "How far events may be out of their order")
      ->capture_default_str();
  command->add_option(
      "--cluster", a.cluster,
      "Cluster of inputs without a NAME; default: what a wrapper of the events says, "
      "else default");
  command->add_option(
      "--now", a.now,
      "The present: events more than 1 h after it are rejected; default: the clock");
  CLI::Option* const quarantine = command->add_option(
      "--quarantine", a.quarantine, "File for what was rejected: reason, source, offset and hash");
  command->add_flag("--quarantine-raw", a.quarantine_raw, "Keep the rejected bytes there too")
      ->needs(quarantine);
  command
      ->add_option("--max-record-bytes", a.max_record_bytes,
                   "The longest event that is read; a longer one is rejected, the next one is read")
      ->transform(CLI::AsSizeValue(true))
      ->check(CLI::Range(kMinRecordBytes, kMaxRecordBytes))
      ->capture_default_str();
  command->add_option("--state-bytes", a.state_bytes, "Budget of the detector's state")
      ->transform(CLI::AsSizeValue(true))
      ->capture_default_str();
  // For tests: results must not depend on it.
  command->add_option("--batch-bytes", a.batch_bytes)->group("")->check(CLI::Range(1, 1 << 26));
  command->callback([arguments, &chosen] { chosen = [arguments] { return Run(*arguments); }; });
}

}  // namespace hark::cli
