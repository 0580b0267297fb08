#include "pipeline/warnings.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/strings/str_format.h"

#include "pipeline/reject_advice.h"

namespace hark::pipeline {
namespace {

// Of so many damaged logs each is named.
constexpr std::size_t kNamedLogs = 10;

double Percent(std::uint64_t part, std::uint64_t whole) {
  return 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

void AddDamagedLogs(const std::vector<DamagedLog>& logs, std::vector<std::string>& warnings) {
  for (std::size_t i = 0; i < std::min(logs.size(), kNamedLogs); ++i) {
    const DamagedLog& log = logs[i];
    warnings.push_back(
        absl::StrFormat("%s: %.1f %% of the records were rejected, most as \"%s\": %s. "
                        "--quarantine FILE lists them",
                        log.name, Percent(log.rejected, log.records),
                        RejectReasonName(log.main_reason), AdviceFor(log.main_reason)));
  }
  if (logs.size() > kNamedLogs) {
    warnings.push_back(absl::StrFormat(
        "of %d more logs over 1 %% of the records were rejected, too", logs.size() - kNamedLogs));
  }
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
  AddDamagedLogs(result.damaged_logs, warnings);
  AddLateness(result.detector, warnings);
  AddBudget(result.detector, warnings);
  return warnings;
}

}  // namespace hark::pipeline
