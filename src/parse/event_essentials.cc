#include "parse/event_essentials.h"

#include <algorithm>

namespace hark::parse {

ParseOutcome EventEssentials::Judge(AuditEvent& event, RejectReason& reason) const {
  Presence time = stage_time;
  if (time == Presence::kMissing) {  // v1beta1, and shippers that drop the stage's own time
    time = received == Presence::kMissing ? timestamp : received;
    event.stage_time = received == Presence::kMissing ? timestamp_value : event.received_time;
  }
  Presence start = received;
  if (start == Presence::kMissing) {
    start = timestamp;
    event.received_time = timestamp_value;
  }
  Presence worst = Presence::kGood;
  for (const Presence presence : {audit_id, stage, time, start}) {
    worst = std::min(worst, presence);
  }
  if (worst == Presence::kGood) {
    return ParseOutcome::kEvent;
  }
  const bool nothing = audit_id == Presence::kMissing && stage == Presence::kMissing &&
                       stage_time == Presence::kMissing && received == Presence::kMissing;
  const bool other_kind = !kind.empty() && kind.find("\"Event\"") != 0;
  const bool other_group = !api_version.empty() && api_version.find("\"audit.k8s.io/") != 0;
  if (nothing && (kind.empty() || other_kind || other_group)) {
    return ParseOutcome::kSkipped;
  }
  reason = worst == Presence::kMissing     ? RejectReason::kMissingField
           : worst == Presence::kWrongType ? RejectReason::kWrongType
                                           : RejectReason::kBadValue;
  return ParseOutcome::kRejected;
}

}  // namespace hark::parse
