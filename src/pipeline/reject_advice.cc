#include "pipeline/reject_advice.h"

namespace hark::pipeline {

std::string_view AdviceFor(RejectReason reason) {
  switch (reason) {
    case RejectReason::kMalformed:
    case RejectReason::kNotAnObject:
      return "make sure that it is an audit log, and written as JSON (--audit-log-format=json)";
    case RejectReason::kTruncated:
      return "copy the log when it is not written to, and look for what cuts long lines on its way";
    case RejectReason::kMissingField:
    case RejectReason::kWrongType:
    case RejectReason::kBadValue:
      return "look for what rewrites events on their way: each must keep its auditID, stage and "
             "requestReceivedTimestamp";
    case RejectReason::kTooLarge:
      return "raise --max-record-bytes (limits.max_record_bytes of a configuration), or let the "
             "API "
             "server cut long events (--audit-log-truncate-enabled)";
    case RejectReason::kTooDeep:
    case RejectReason::kBadEnvelope:
      return "look for a shipper that cuts the events, or wraps them in a way that "
             "docs/managed-clouds.md does not name";
    case RejectReason::kDamaged:
      return "the file is damaged: fetch it again";
    case RejectReason::kBomb:
      return "no audit log compresses so well: find out where the file comes from";
    case RejectReason::kFuture:
      return "correct the clock that is wrong or, to replay events of a later time, pass --now";
  }
  return "";
}

}  // namespace hark::pipeline
