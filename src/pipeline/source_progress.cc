#include "pipeline/source_progress.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace hark::pipeline {
namespace {

// An idle source says no more often how far the others have come.
constexpr Micros kPromiseInterval = 1'000'000;

void RaiseTo(Micros time, std::atomic<Micros>& highest_time) {
  Micros highest = highest_time.load(std::memory_order_relaxed);
  while (highest < time && !highest_time.compare_exchange_weak(highest, time)) {
  }
}

}  // namespace

SourceProgress::SourceProgress(const std::string& name, const std::string& cluster, Micros lateness,
                               const Start& start, const LiveContext& context)
    : lateness_(lateness),
      context_(context),
      metrics_(context.metrics.ForSource(name)),
      last_sign_(context.now()) {
  shown_.name = name;
  shown_.cluster = cluster;
  shown_.position = start.position;
  shown_.highest_time = start.highest_time;
}

void SourceProgress::OnBatch(const InputStats& before, const InputStats& after,
                             const FactRecord& record) {
  const Micros now = context_.now();
  if (record.events > 0) {
    last_sign_ = now;  // what holds no events says nothing of their time
  }
  metrics_.EventsRead(record.events);
  metrics_.BytesRead(after.bytes - before.bytes);
  for (std::size_t i = 0; i < kRejectReasons; ++i) {
    metrics_.RecordRejected(static_cast<RejectReason>(i), after.rejected[i] - before.rejected[i]);
  }
  for (std::size_t i = 0; i < kSkipReasons; ++i) {
    metrics_.RecordSkipped(static_cast<SkipReason>(i), after.skipped[i] - before.skipped[i]);
  }
  if (record.highest_time > shown_.highest_time) {
    shown_.highest_time = record.highest_time;
    metrics_.EventTime(record.highest_time, now);
  }
  RaiseTo(shown_.highest_time, context_.highest_time);
  SetState(metrics::SourceState::kReading);
  shown_.error.clear();
  shown_.position = record.position;
  shown_.last_received = now;
  shown_.events += record.events;
}

std::optional<Micros> SourceProgress::OnNothing() {
  const Micros now = context_.now();
  const Micros silence = now - last_sign_;
  metrics::SourceState state = metrics::SourceState::kReading;
  Micros time = kBeginningOfTime;
  if (silence >= std::max(lateness_, kIdleAfter)) {
    time = context_.highest_time.load(std::memory_order_relaxed);
  }
  if (silence >= kSilentAfter) {
    state = metrics::SourceState::kSilent;
    if (now - lateness_ >= promised_ + kSilentInterval) {
      time = std::max(time, now - lateness_);
    }
  }
  SetState(state);
  shown_.error.clear();
  if (time <= promised_ || now < last_promise_ + kPromiseInterval) {
    return std::nullopt;
  }
  last_promise_ = now;
  return time;
}

void SourceProgress::OnSignOfLife() {
  last_sign_ = context_.now();
}

void SourceProgress::OnUnreadable(std::string error) {
  SetState(metrics::SourceState::kUnreadable);
  last_sign_ = context_.now();  // it may bring much once it can be read
  shown_.error = std::move(error);
}

void SourceProgress::OnLogFailure(std::uint64_t position) {
  promised_ = kBeginningOfTime;
  shown_.position = position;
}

void SourceProgress::OnEnd() {
  metrics_.State(metrics::SourceState::kReading);
}

void SourceProgress::SetState(metrics::SourceState state) {
  if (shown_.state != state) {
    metrics_.State(state);
    shown_.state = state;
  }
}

const char* WhyLogIsFull(const LiveContext& context) {
  if (context.fact_log.stats().bytes <= context.max_fact_log_bytes) {
    return nullptr;
  }
  context.logger.Write({.level = LogLevel::kWarning,
                        .key = "fact_log_full",
                        .text = "The fact log has reached its bound (fact_log.max_bytes). Reading "
                                "stops until a snapshot lets its oldest part go."});
  return "the fact log has reached fact_log.max_bytes";
}

}  // namespace hark::pipeline
