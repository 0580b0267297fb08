#include "pipeline/batch_judge.h"

#include <algorithm>

#include "ingest/record_splitter.h"

namespace hark::pipeline {

using parse::ParseOutcome;

BatchJudge::BatchJudge(const std::shared_ptr<const rules::RuleSet>& rules, const JudgedTimes& times)
    : times_(times), parser_(rules->parts), whole_parser_(kAllEventParts), matcher_(rules) {}

void BatchJudge::Judge(const RecordBatch& batch, std::string_view cluster, FactRecord& record) {
  record.kind = FactRecord::Kind::kBatch;
  record.lateness = 0;
  record.highest_time = kBeginningOfTime;
  record.facts.clear();
  record.facts.reserve(32);  // more than most batches have: moving facts as it grows costs more
  const std::uint64_t events_before = stats_.events;
  for (const Damage& damage : batch.damages) {
    stats_.Reject(damage.reason);
  }
  ingest::RecordSplitter splitter(batch.data);
  std::string_view json;
  while (splitter.Next(json)) {
    JudgeRecord(json, cluster, record);
  }
  record.events = stats_.events - events_before;
  stats_.facts += record.facts.size();
  stats_.bytes += batch.data.size();
  stats_.wrong_types = parser_.wrong_types();
}

void BatchJudge::JudgeRecord(std::string_view json, std::string_view cluster, FactRecord& record) {
  const ParseOutcome outcome = parser_.Parse(json, event_);
  if (outcome == ParseOutcome::kRejected) {
    stats_.Reject(parser_.reject_reason());
    return;
  }
  if (outcome == ParseOutcome::kSkipped) {
    ++stats_.records;
    ++stats_.skipped;
    return;
  }
  if (!Admit(record) || !matcher_.Matches(event_, cluster)) {
    return;
  }
  // What is malformed in a part that no rule reads shows only now.
  if (whole_parser_.Parse(json, whole_event_) != ParseOutcome::kEvent) {
    --stats_.records;
    --stats_.events;
    stats_.Reject(whole_parser_.reject_reason());
    return;
  }
  matcher_.MakeFact(whole_event_, cluster, record.facts.emplace_back());
}

bool BatchJudge::Admit(FactRecord& record) {
  const Micros time = event_.stage_time;
  if (time > times_.latest_legal) {
    stats_.Reject(RejectReason::kFuture);
    return false;
  }
  ++stats_.records;
  ++stats_.events;
  stats_.first_time = std::min(stats_.first_time, time);
  stats_.last_time = std::max(stats_.last_time, time);
  // An event that is not judged for its time still says how far its source has come: a source
  // that has only such events must not hold the others back. Beyond `to` no time matters.
  record.highest_time = std::max(record.highest_time, std::min(time, times_.to));
  const bool judged = time >= times_.from && time < times_.to;
  stats_.out_of_range += judged ? 0 : 1;
  return judged;
}

}  // namespace hark::pipeline
