#pragma once

#include <memory>
#include <string_view>

#include "hark/detector.h"
#include "hark/fact.h"
#include "hark/source.h"

#include "match/matcher.h"
#include "parse/event_parser.h"
#include "pipeline/input_stats.h"
#include "rules/rule_set.h"

namespace hark::pipeline {

// Which events are judged, by their time.
struct JudgedTimes {
  Micros from = kBeginningOfTime;
  Micros to = kEndOfTime;            // this one no more
  Micros latest_legal = kEndOfTime;  // an event after it is rejected as kFuture
};

// One worker's stateless half: bytes of a batch in, facts out. It keeps its parsers, its matcher
// and its buffers from batch to batch, so that an event without a fact allocates nothing. Of an
// event only what the rules ask for is parsed; the few that match are parsed again, whole.
// Not thread-safe.
class BatchJudge {
 public:
  BatchJudge(const std::shared_ptr<const rules::RuleSet>& rules, const JudgedTimes& times);

  // Makes `record`, whose source and position are set, the kBatch record of the batch. Of its other
  // earlier content only the memory is used again.
  void Judge(const RecordBatch& batch, std::string_view cluster, FactRecord& record);

  // Over all batches so far.
  const InputStats& stats() const { return stats_; }

 private:
  void JudgeRecord(std::string_view json, std::string_view cluster, FactRecord& record);
  // Counts the event; false if it is not one to be judged.
  bool Admit(FactRecord& record);

  const JudgedTimes times_;
  parse::EventParser parser_;
  parse::EventParser whole_parser_;
  match::Matcher matcher_;
  AuditEvent event_;
  AuditEvent whole_event_;
  InputStats stats_;
};

}  // namespace hark::pipeline
