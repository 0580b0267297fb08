#include "pipeline/source_progress.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

#include "pipeline/reject_advice.h"

namespace hark::pipeline {
namespace {

// An idle source says no more often how far the others have come.
constexpr Micros kPromiseInterval = 1'000'000;
constexpr Micros kRejectInterval = 60'000'000;

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
      last_sign_(context.now()),
      last_check_(last_sign_) {
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
    const std::uint64_t rejected = after.rejected[i] - before.rejected[i];
    metrics_.RecordRejected(static_cast<RejectReason>(i), rejected);
    rejected_[i] += rejected;
  }
  records_ += after.records - before.records;
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
  if (now >= last_check_ + kRejectInterval) {
    CheckRejected(now);
  }
}

std::optional<Micros> SourceProgress::OnNothing() {
  const Micros now = context_.now();
  const Micros silence = now - last_sign_;
  if (now >= last_check_ + kRejectInterval) {
    CheckRejected(now);
  }
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
  CheckRejected(context_.now());
}

void SourceProgress::CheckRejected(Micros now) {
  const std::uint64_t records = std::exchange(records_, 0);
  const Rejected reasons = std::exchange(rejected_, {});
  last_check_ = now;
  const std::uint64_t rejected = std::accumulate(reasons.begin(), reasons.end(), std::uint64_t{0});
  if (static_cast<double>(rejected) <= kMuchRejected * static_cast<double>(records)) {
    return;
  }
  const auto main_reason =
      static_cast<RejectReason>(std::max_element(reasons.begin(), reasons.end()) - reasons.begin());
  context_.logger.Write({.level = LogLevel::kWarning,
                         .key = "many_rejected",
                         .text = "Over 1 % of the records that a source brought were rejected.",
                         .about = shown_.name},
                        {{"source", std::string_view(shown_.name)},
                         {"records", records},
                         {"rejected", rejected},
                         {"main_reason", RejectReasonName(main_reason)},
                         {"advice", AdviceFor(main_reason)}});
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
