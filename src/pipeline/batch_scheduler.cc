#include "pipeline/batch_scheduler.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace hark::pipeline {

BatchScheduler::BatchScheduler(std::vector<std::unique_ptr<Source>> sources,
                               const std::vector<Micros>& first_times, std::size_t batch_bytes,
                               log::MemoryFactLog& log)
    : sources_(std::move(sources)),
      batch_bytes_(batch_bytes),
      log_(log),
      arrivals_(log.capacity()),
      states_(sources_.size()) {
  HARK_CHECK(first_times.size() == sources_.size());
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    states_[i].highest_time = first_times[i];
    queue_.emplace(first_times[i], 0, i);
  }
}

std::optional<BatchScheduler::Ticket> BatchScheduler::Next(RecordBatch& batch) {
  const MutexLock lock(mutex_);
  if (log_ended_ || !log_.WaitForRoom(next_place_)) {
    return std::nullopt;
  }
  LearnFromArrival();
  if (queue_.empty()) {
    log_ended_ = true;
    log_.EndAt(next_place_);
    return std::nullopt;
  }
  return ReadFrom(std::get<2>(*queue_.begin()), batch);
}

BatchScheduler::Ticket BatchScheduler::ReadFrom(std::size_t source, RecordBatch& batch) {
  absl::Status status = sources_[source]->Read(batch_bytes_, batch);
  Update(source, [&](SourceState& state) {
    state.ended = !status.ok() || batch.at_end();
    state.position = status.ok() ? batch.end_offset() : state.position;
    ++state.unreported;
  });
  const SourceState& state = states_[source];
  if (state.ended) {
    sources_[source]->Rewind();
  }
  if (!status.ok()) {
    errors_.push_back(std::move(status));
  }
  return {.place = next_place_++,
          .source = source,
          .position = state.position,
          .source_ended = state.ended};
}

template <typename Change>
void BatchScheduler::Update(std::size_t source, Change change) {
  SourceState& state = states_[source];
  // Empty if the source has ended. Moving the node costs no allocation.
  auto node = queue_.extract({state.highest_time, state.unreported, source});
  change(state);
  if (!node.empty() && !state.ended) {
    node.value() = {state.highest_time, state.unreported, source};
    queue_.insert(std::move(node));
  }
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
  Update(arrival.source, [&arrival](SourceState& state) {
    state.highest_time = std::max(state.highest_time, arrival.highest_time);
    --state.unreported;
  });
}

}  // namespace hark::pipeline
