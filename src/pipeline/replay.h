#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "hark/alert.h"
#include "hark/detector.h"
#include "hark/fact.h"
#include "hark/source.h"

#include "detect/engine.h"
#include "pipeline/event_reader.h"
#include "pipeline/input_stats.h"
#include "pipeline/quarantine.h"
#include "pipeline/reject_tally.h"
#include "rules/rule_set.h"

namespace hark::pipeline {

constexpr Micros kMicrosPerSecond = 1'000'000;

// How far a replay has come.
struct ReplayProgress {
  std::uint64_t bytes = 0;
  std::uint64_t events = 0;
};

struct ReplayOptions {
  std::shared_ptr<const rules::RuleSet> rules;
  int threads = 1;                          // of the stateless half, at least 1
  Micros lateness = 60 * kMicrosPerSecond;  // of every source
  std::string cluster;      // of sources that have none of their own; empty: what a wrapper says
  Micros now = kEndOfTime;  // events over 1 h later are rejected
  Micros from = kBeginningOfTime;  // alerts that were last seen before it are left out
  Micros to = kEndOfTime;          // events at or after it are not judged
  Severity min_level = Severity::kInformational;
  std::size_t batch_bytes = std::size_t{512} << 10;
  std::size_t max_event_bytes = kMaxEventBytes;  // longer ones are rejected
  detect::EngineOptions engine;
  Quarantine* quarantine = nullptr;  // may be null

  // Hooks, called by the thread that calls Replay. All may be left empty.
  detect::EpisodeObserver* observer = nullptr;
  std::function<void(const FactRecord&)> on_record;  // each record of the fact log, before it is
                                                     // judged
  std::function<void(const ReplayProgress&)> on_progress;  // after each record
  // Once it is true, the replay ends as if its input had ended there. May be set by anyone.
  const std::atomic<bool>* stop = nullptr;
};

struct ReplayResult {
  InputStats input;
  std::vector<DamagedLog> damaged_logs;  // over 1 % rejected; the worst one first
  DetectorStats detector;
  std::vector<absl::Status> source_errors;  // of sources that could not be read to their end
  bool stopped = false;
};

// Reads the sources to their end and judges them with the rules: parse and match on
// `options.threads` threads, windows and episodes on the calling one. Revisions go to `sink` in the
// order in which they are made, those below min_level and those of alerts last seen before `from`
// left out.
//
// The revisions depend on the events, the rules and the options that say what is judged; they do
// not depend on threads and, but for late events, on batch_bytes and how events are spread over
// sources. The names of the sources must be unique.
//
// Where there is more than one source, each that can be read twice is first looked into and closed
// again: it is opened when the others have come to the time of its first event.
ReplayResult Replay(const ReplayOptions& options, std::vector<std::unique_ptr<Source>> sources,
                    RevisionSink& sink);

}  // namespace hark::pipeline
