#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "hark/fact.h"

#include "base/mutex.h"
#include "log/fact_log.h"
#include "pipeline/source_progress.h"
#include "pipeline/source_table.h"

namespace hark::pipeline {

// One (listener, cluster) of the audit webhook, as the fact log and the watermark see it. Its
// bodies are independent of each other: what fails is sent again by the API server, so there is
// nothing to go back to. Thread-safe.
class WebhookSource {
 public:
  struct Settings {
    std::string listener, cluster;
    Micros lateness = 0;
    const SourceTable::Entry* past = nullptr;  // of an earlier run; used only while it is made
  };
  // The context outlives it.
  WebhookSource(const Settings& settings, const LiveContext& context);

  // "prod=webhook:127.0.0.1:9880", unique and the same in every run.
  static std::string NameOf(std::string_view listener, std::string_view cluster);
  // Whether a name is one of the listener's.
  static bool IsOf(std::string_view name, std::string_view listener);
  // The cluster in such a name.
  static std::string ClusterIn(std::string_view name, std::string_view listener);

  const std::string& name() const { return name_; }
  const std::string& cluster() const { return cluster_; }

  // A source without a cursor is forgotten once it ends. Nothing needs more than its name.
  static constexpr std::string_view kCursor = "webhook";

  // A request has begun, or has ended. Between the two it is not idle.
  void Open() ABSL_LOCKS_EXCLUDED(mutex_);
  void Close() ABSL_LOCKS_EXCLUDED(mutex_);

  // Returns once the fact log durably knows the source; before that nothing of it may be appended.
  absl::Status Declare() ABSL_LOCKS_EXCLUDED(declare_mutex_, mutex_);

  // Where the next `bytes` of it are: positions count what was received.
  std::uint64_t Advance(std::size_t bytes) ABSL_LOCKS_EXCLUDED(mutex_);

  // A record of it was appended; what became of its records.
  void OnBatch(const InputStats& before, const InputStats& after, const FactRecord& record)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void OnUnstorable(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);

  // To be called every second: says in the fact log that it is idle, if it is.
  void Tick() ABSL_LOCKS_EXCLUDED(mutex_);

  Micros highest_time() const ABSL_LOCKS_EXCLUDED(mutex_);
  LiveSourceStatus status() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  FactRecord NewRecord(FactRecord::Kind kind) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string name_, cluster_;
  const Micros lateness_;
  const LiveContext& context_;
  Mutex declare_mutex_;  // held while a declaration is under way
  mutable Mutex mutex_;
  bool is_declared_ ABSL_GUARDED_BY(mutex_) = false;
  int open_ ABSL_GUARDED_BY(mutex_) = 0;
  std::uint64_t position_ ABSL_GUARDED_BY(mutex_) = 0;
  std::uint64_t generation_ ABSL_GUARDED_BY(mutex_) = 0;  // of the log, at the last idle record
  SourceProgress progress_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hark::pipeline
