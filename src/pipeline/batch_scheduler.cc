#include "pipeline/batch_scheduler.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace hark::pipeline {

BatchScheduler::BatchScheduler(std::vector<std::unique_ptr<Source>> sources,
                               std::size_t batch_bytes, log::MemoryFactLog& log)
    : sources_(std::move(sources)),
      batch_bytes_(batch_bytes),
      log_(log),
      arrivals_(log.capacity()),
      states_(sources_.size()) {}

std::optional<BatchScheduler::Ticket> BatchScheduler::Next(RecordBatch& batch) {
  const MutexLock lock(mutex_);
  if (log_ended_ || !log_.WaitForRoom(next_place_)) {
    return std::nullopt;
  }
  LearnFromArrival();
  const std::optional<std::size_t> chosen = Choose();
  if (!chosen.has_value()) {
    log_ended_ = true;
    log_.EndAt(next_place_);
    return std::nullopt;
  }
  SourceState& state = states_[*chosen];
  absl::Status status = sources_[*chosen]->Read(batch_bytes_, batch);
  state.ended = !status.ok() || batch.at_end();
  state.position = status.ok() ? batch.end_offset() : state.position;
  ++state.unreported;
  if (!status.ok()) {
    errors_.push_back(std::move(status));
  }
  return Ticket{.place = next_place_++,
                .source = *chosen,
                .position = state.position,
                .source_ended = state.ended};
}

void BatchScheduler::Report(const Ticket& ticket, Micros highest_time) {
  arrivals_[ticket.place % arrivals_.size()] = {.source = ticket.source,
                                                .highest_time = highest_time};
}

std::vector<absl::Status> BatchScheduler::TakeErrors() {
  const MutexLock lock(mutex_);
  return std::move(errors_);
}

void BatchScheduler::LearnFromArrival() {
  if (next_place_ < arrivals_.size()) {
    return;
  }
  const Arrival& arrival = arrivals_[next_place_ % arrivals_.size()];
  SourceState& state = states_[arrival.source];
  state.highest_time = std::max(state.highest_time, arrival.highest_time);
  --state.unreported;
}

std::optional<std::size_t> BatchScheduler::Choose() const {
  std::optional<std::size_t> best;
  const auto rank = [this](std::size_t i) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return std::tuple(states_[i].highest_time, states_[i].unreported);
  };
  for (std::size_t i = 0; i < states_.size(); ++i) {
    if (!states_[i].ended && (!best.has_value() || rank(i) < rank(*best))) {
      best = i;
    }
  }
  return best;
}

}  // namespace hark::pipeline
