#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"

#include "base/mutex.h"
#include "pipeline/live_queue.h"
#include "pipeline/live_source.h"
#include "pipeline/quarantine.h"
#include "rules/rule_set.h"

namespace hark::pipeline {

// The stateless half of a daemon: some threads that read live sources, judge what they bring, and
// append it to the fact log, whose order is that in which they append. A source that has nothing
// is asked again within a tenth of a second (less often where there are very many).
//
// Thread-safe, but for Stop and the destructor.
class LiveIngest {
 public:
  struct Options {
    int threads = 1;
    std::size_t batch_bytes = std::size_t{512} << 10;
    Quarantine* quarantine = nullptr;  // may be null; outlives the ingest
    std::size_t max_event_bytes = kMaxEventBytes;
  };

  // The context outlives it. Nothing is read before Start.
  LiveIngest(const Options& options, const LiveContext& context,
             std::shared_ptr<const rules::RuleSet> rules);
  ~LiveIngest();
  LiveIngest(const LiveIngest&) = delete;
  LiveIngest& operator=(const LiveIngest&) = delete;

  // Declares the source, and reads it from the start on.
  void Add(LiveSource::Settings settings) ABSL_LOCKS_EXCLUDED(mutex_);
  // Whether there is a source of that name. One that is gone may be added again.
  bool Has(const std::string& name) const ABSL_LOCKS_EXCLUDED(mutex_);

  void Start();

  // Lets all batches that are under way come to the fact log, calls `action` while none is, and
  // goes on with the rules that it returns (nullptr: those as before).
  void Pause(const std::function<std::shared_ptr<const rules::RuleSet>()>& action)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // From now on each source ends when it is read to its present end, or cannot be read.
  void EndSources() ABSL_LOCKS_EXCLUDED(mutex_);
  // All sources have ended. What could not be read is in the errors.
  bool HasEnded(std::vector<std::string>& errors) const ABSL_LOCKS_EXCLUDED(mutex_);

  // Reads no more; waits for the batches that are under way. REQUIRES: no call is under way.
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);

  // By name.
  std::vector<LiveSourceStatus> Status() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using Outcome = LiveSource::Outcome;

  void Work();
  // Waits for a source to read. False when it is to stop.
  bool Take(std::size_t& source) ABSL_LOCKS_EXCLUDED(mutex_);
  void Return(std::size_t source, Outcome outcome) ABSL_LOCKS_EXCLUDED(mutex_);
  // Ends a source that is drained. False if the fact log cannot take it now.
  Outcome EndIfDrained(LiveSource& source, Outcome outcome);
  Micros PollInterval() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  const LiveContext& context_;
  mutable Mutex mutex_;
  CondVar changed_;
  LiveQueue queue_ ABSL_GUARDED_BY(mutex_);
  // By number in the queue; null once it is gone.
  std::vector<std::unique_ptr<LiveSource>> sources_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> names_ ABSL_GUARDED_BY(mutex_);  // of those that are not gone
  std::shared_ptr<const rules::RuleSet> rules_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int> failures_ ABSL_GUARDED_BY(mutex_);  // of sources that are to end
  std::vector<std::string> errors_ ABSL_GUARDED_BY(mutex_);      // of those that were given up
  std::size_t under_way_ ABSL_GUARDED_BY(mutex_) = 0;
  bool paused_ ABSL_GUARDED_BY(mutex_) = false;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  bool watched_ ABSL_GUARDED_BY(mutex_) = false;  // a thread sleeps until a source is due
  std::vector<std::thread> threads_;
};

}  // namespace hark::pipeline
