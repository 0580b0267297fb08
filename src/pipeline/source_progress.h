#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "hark/detector.h"
#include "hark/fact.h"

#include "base/log.h"
#include "log/fact_log.h"
#include "metrics/ingest_metrics.h"
#include "pipeline/input_stats.h"

namespace hark::pipeline {

// How long a source that was read to its present end has to bring nothing to be idle (if its
// lateness is not longer), and to be silent.
constexpr Micros kIdleAfter = 30'000'000;
constexpr Micros kSilentAfter = 600'000'000;
// A silent source says so often how far time has come.
constexpr Micros kSilentInterval = 30'000'000;

// What all live sources of a daemon share. Everything in it outlives them and is thread-safe.
struct LiveContext {
  log::FactLog& fact_log;
  Logger& logger;
  metrics::IngestMetrics& metrics;
  std::function<Micros()> now;                      // receipt time (RunClock)
  std::atomic<Micros>& highest_time;                // of the events of all sources
  std::uint64_t max_fact_log_bytes;                 // beyond it nothing is read
  std::function<void(const FactRecord&)> on_facts;  // may be empty; of each batch that was appended
};

// What people are shown of a source.
struct LiveSourceStatus {
  std::string name, cluster;
  metrics::SourceState state = metrics::SourceState::kReading;
  std::string error;  // why it is not read; empty if it is
  std::uint64_t position = 0;
  Micros highest_time = kBeginningOfTime;
  Micros last_received = 0;  // receipt time of its last batch; 0: none in this run
  std::uint64_t events = 0;  // in this run
};

// What a live source has brought: counts it, says when the source is idle or silent, warns where
// over 1 % of what it brought in a minute, or up to its end, was rejected, and keeps what people
// are shown. Times are receipt times unless they are called event times. Not thread-safe.
class SourceProgress {
 public:
  // Where an earlier run left it.
  struct Start {
    std::uint64_t position = 0;
    Micros highest_time = kBeginningOfTime;
  };
  SourceProgress(const std::string& name, const std::string& cluster, Micros lateness,
                 const Start& start, const LiveContext& context);

  // The record of a batch was appended; the judge's statistics before it and after it.
  void OnBatch(const InputStats& before, const InputStats& after, const FactRecord& record);

  // It was read to its present end. The event time up to which an idle record is to say that
  // nothing comes any more; nullopt: none is due.
  std::optional<Micros> OnNothing();
  // That idle record was appended.
  void OnPromised(Micros time) { promised_ = time; }
  // It shows that it is there, though it brings nothing: it is not idle yet.
  void OnSignOfLife();
  // It holds the watermark: nobody knows what it would bring.
  void OnUnreadable(std::string error);
  // Records that were appended are not in the fact log, perhaps the last idle record among them.
  void OnLogFailure(std::uint64_t position);
  // Nobody shall be alarmed of what is over.
  void OnEnd();

  Micros highest_time() const { return shown_.highest_time; }
  const LiveSourceStatus& status() const { return shown_; }

 private:
  using Rejected = std::array<std::uint64_t, kRejectReasons>;

  void SetState(metrics::SourceState state);
  // Looks at what was rejected since the last time that it did.
  void CheckRejected(Micros now);

  const Micros lateness_;
  const LiveContext& context_;
  const metrics::SourceMetrics& metrics_;
  LiveSourceStatus shown_;
  Micros last_sign_;
  Micros promised_ = kBeginningOfTime;  // event time, by the last idle record
  Micros last_promise_ = 0;
  Micros last_check_;          // of what was rejected
  std::uint64_t records_ = 0;  // since then
  Rejected rejected_{};        // of them
};

// Why nothing may be appended now, for people; nullptr if it may. Says it in the log, too.
const char* WhyLogIsFull(const LiveContext& context);

}  // namespace hark::pipeline
