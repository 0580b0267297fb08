#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "hark/detector.h"
#include "hark/fact.h"
#include "hark/source.h"

#include "match/matcher.h"
#include "metrics/registry.h"
#include "pipeline/event_reader.h"
#include "pipeline/input_stats.h"
#include "pipeline/quarantine.h"
#include "rules/rule_set.h"

namespace hark::pipeline {

// Which events are judged, by their time.
struct JudgedTimes {
  Micros from = kBeginningOfTime;
  Micros to = kEndOfTime;            // this one no more
  Micros latest_legal = kEndOfTime;  // an event after it is rejected as kFuture
};

// Events after it are rejected, as of a clock that is wrong: 1 h after `now`.
Micros LatestLegalTime(Micros now);

// The cluster of an event: what the user calls it, else what a wrapper of the event calls it, else
// "default". Empty texts are no names.
std::string_view ClusterOf(std::string_view users_name, std::string_view wrappers_name);

// One worker's stateless half: bytes of a batch in, facts out. It keeps its parsers, its matcher
// and its buffers from batch to batch, so that an event without a fact allocates nothing. Of an
// event only what the index of the rules asks for is parsed; the few that some rule can match are
// parsed again, whole.
// Not thread-safe.
class BatchJudge {
 public:
  // `quarantine` may be null and must outlive the judge.
  BatchJudge(const std::shared_ptr<const rules::RuleSet>& rules, const JudgedTimes& times,
             Quarantine* quarantine = nullptr, std::size_t max_event_bytes = kMaxEventBytes);

  // Makes `record`, whose source and position are set, the kBatch record of the batch. Of its other
  // earlier content only the memory is used again. `cluster`: what the user calls it, or empty.
  void Judge(const RecordBatch& batch, std::string_view cluster, FactRecord& record);

  // What changes from batch to batch where events are judged as they come.
  struct Receipt {
    Micros latest_legal = kEndOfTime;             // instead of that of the JudgedTimes
    Micros highest_time = kBeginningOfTime;       // of the source's events before the batch
    metrics::HistogramBatch* lateness = nullptr;  // how far events are behind the highest before
                                                  // them, in seconds; outlives the next Judge
  };
  void SetReceipt(const Receipt& receipt) {
    times_.latest_legal = receipt.latest_legal;
    receipt_ = receipt;
  }

  // Over all batches so far.
  const InputStats& stats() const { return stats_; }

 private:
  // The handler of the reader, for one batch.
  class BatchHandler;

  bool IsJudged(Micros time, FactRecord& record);
  void ObserveLateness(Micros time);

  JudgedTimes times_;
  Receipt receipt_;
  Quarantine* const quarantine_;
  EventReader reader_;
  match::Matcher matcher_;
  InputStats stats_;
};

}  // namespace hark::pipeline
