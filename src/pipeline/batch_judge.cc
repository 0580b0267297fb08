#include "pipeline/batch_judge.h"

#include <algorithm>

#include "metrics/seconds.h"

namespace hark::pipeline {

Micros LatestLegalTime(Micros now) {
  constexpr Micros kTolerance = 3'600'000'000;
  return now > kEndOfTime - kTolerance ? kEndOfTime : now + kTolerance;
}

std::string_view ClusterOf(std::string_view users_name, std::string_view wrappers_name) {
  return !users_name.empty() ? users_name : !wrappers_name.empty() ? wrappers_name : "default";
}

class BatchJudge::BatchHandler {
 public:
  BatchHandler(BatchJudge& judge, std::string_view cluster, FactRecord& record)
      : judge_(judge), cluster_(cluster), record_(record) {}

  void OnEvent(const AuditEvent& event, std::string_view wrappers_cluster,
               const RecordOrigin& origin) {
    const Micros time = event.stage_time;
    if (time > judge_.times_.latest_legal) {
      return OnReject(RejectReason::kFuture, origin);
    }
    const std::string_view cluster = ClusterOf(cluster_, wrappers_cluster);
    if (judge_.IsJudged(time, record_) && judge_.matcher_.MayMatch(event, cluster)) {
      Judge(cluster, origin);
    } else {
      judge_.stats_.CountEvent(time);
    }
  }

  void OnSkip(SkipReason reason) { judge_.stats_.Skip(reason); }

  void OnReject(RejectReason reason, const RecordOrigin& origin) {
    judge_.stats_.Reject(reason);
    if (judge_.quarantine_ != nullptr) {
      judge_.quarantine_->Add(reason, record_.source, origin);
    }
  }

 private:
  void Judge(std::string_view cluster, const RecordOrigin& origin) {
    // What is malformed in a part that the index does not read shows only now.
    const AuditEvent* const whole = judge_.reader_.ReadWhole();
    if (whole == nullptr) {
      return OnReject(judge_.reader_.reject_reason(), origin);
    }
    judge_.stats_.CountEvent(whole->stage_time);
    if (judge_.matcher_.Matches(*whole, cluster)) {
      judge_.matcher_.MakeFact(*whole, cluster, record_.facts.emplace_back());
    }
  }

  BatchJudge& judge_;
  const std::string_view cluster_;
  FactRecord& record_;
};

BatchJudge::BatchJudge(const std::shared_ptr<const rules::RuleSet>& rules, const JudgedTimes& times,
                       Quarantine* quarantine, std::size_t max_event_bytes)
    : times_(times),
      quarantine_(quarantine),
      reader_(rules->index_parts, max_event_bytes),
      matcher_(rules) {}

void BatchJudge::Judge(const RecordBatch& batch, std::string_view cluster, FactRecord& record) {
  record.kind = FactRecord::Kind::kBatch;
  record.lateness = 0;
  record.highest_time = kBeginningOfTime;
  record.facts.clear();
  record.facts.reserve(32);  // more than most batches have: moving facts as it grows costs more
  const std::uint64_t events_before = stats_.events;
  BatchHandler handler(*this, cluster, record);
  reader_.Read(batch, handler);
  record.events = stats_.events - events_before;
  stats_.facts += record.facts.size();
  stats_.bytes += batch.data.size();
  stats_.wrong_types = reader_.wrong_types();
}

void BatchJudge::ObserveLateness(Micros time) {
  const Micros behind = std::max<Micros>(receipt_.highest_time, time) - time;
  receipt_.highest_time = std::max(receipt_.highest_time, time);
  receipt_.lateness->Observe(metrics::Seconds(behind));
}

bool BatchJudge::IsJudged(Micros time, FactRecord& record) {
  if (receipt_.lateness != nullptr) {
    ObserveLateness(time);
  }
  // An event that is not judged for its time still says how far its source has come: a source
  // that has only such events must not hold the others back. Beyond `to` no time matters.
  record.highest_time = std::max(record.highest_time, std::min(time, times_.to));
  const bool judged = time >= times_.from && time < times_.to;
  stats_.out_of_range += judged ? 0 : 1;
  return judged;
}

}  // namespace hark::pipeline
