#include "pipeline/warnings.h"

#include <cstdint>
#include <string_view>

#include "absl/strings/str_format.h"

namespace hark::pipeline {
namespace {

std::string_view AdviceFor(RejectReason reason) {
  switch (reason) {
    case RejectReason::kMalformed:
    case RejectReason::kNotAnObject:
      return "is it an audit log?";
    case RejectReason::kTruncated:
      return "was the log copied while it was written, or does something on its way cut long "
             "lines?";
    case RejectReason::kMissingField:
    case RejectReason::kWrongType:
    case RejectReason::kBadValue:
      return "every audit event has auditID, stage and requestReceivedTimestamp; was the log "
             "rewritten on its way?";
    case RejectReason::kTooLarge:
      return "let the API server cut long events: --audit-log-truncate-enabled";
    case RejectReason::kTooDeep:
    case RejectReason::kBadEnvelope:
      return "does a shipper wrap the events in a way that docs/managed-clouds.md does not name, "
             "or "
             "cut them?";
    case RejectReason::kDamaged:
      return "the file is damaged: fetch it again";
    case RejectReason::kBomb:
      return "no audit log compresses so well: where does the file come from?";
    case RejectReason::kFuture:
      return "is a clock wrong? To replay events of a later time, pass --now";
  }
  return "";
}

double Percent(std::uint64_t part, std::uint64_t whole) {
  return 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

void AddLateness(const DetectorStats& detector, std::vector<std::string>& warnings) {
  if (detector.late > detector.facts / 1000) {
    warnings.push_back(absl::StrFormat(
        "%.2f %% of the matching events came later than the lateness bound and were judged out of "
        "their order: raise --lateness",
        Percent(detector.late, detector.facts)));
  }
  if (detector.too_late > 0) {
    warnings.push_back(absl::StrFormat(
        "%u matching events were not judged, because they came when events more than 10 minutes "
        "newer had been judged. Raise --lateness above the disorder of the log, or give logs of "
        "different API servers as files of their own",
        detector.too_late));
  }
}

void AddBudget(const DetectorStats& detector, std::vector<std::string>& warnings) {
  if (detector.evictions > 0) {
    warnings.push_back(absl::StrFormat(
        "%u groups were dropped to stay within the state budget, alerts they belong to say "
        "\"exact\": false: raise --state-bytes",
        detector.evictions));
  }
  if (detector.forgotten > 0) {
    warnings.push_back(absl::StrFormat(
        "%u minutes of events were forgotten to stay within the state budget: a request may count "
        "twice, and late events of that time are not judged. Raise --state-bytes",
        detector.forgotten));
  }
  if (detector.early > 0) {
    warnings.push_back(absl::StrFormat(
        "%u matching events were judged before the lateness bound to stay within the state budget, "
        "alerts around them say \"exact\": false: raise --state-bytes or lower --lateness",
        detector.early));
  }
}

}  // namespace

std::vector<std::string> Warnings(const ReplayResult& result) {
  std::vector<std::string> warnings;
  const std::uint64_t rejected = result.input.rejected_total();
  if (rejected > result.input.records / 100) {
    const RejectReason reason = result.input.main_reject_reason();
    warnings.push_back(absl::StrFormat("%.1f %% of the records were rejected, most as \"%s\": %s",
                                       Percent(rejected, result.input.records),
                                       RejectReasonName(reason), AdviceFor(reason)));
  }
  AddLateness(result.detector, warnings);
  AddBudget(result.detector, warnings);
  return warnings;
}

}  // namespace hark::pipeline
