#include "pipeline/reject_tally.h"

#include <algorithm>
#include <numeric>

namespace hark::pipeline {

void RejectTally::Add(std::size_t source, const InputStats& before, const InputStats& after) {
  records_[source] += after.records - before.records;
  if (after.rejected == before.rejected) {
    return;
  }
  Reasons& reasons = rejected_[source];
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    reasons[i] += after.rejected[i] - before.rejected[i];
  }
}

void RejectTally::Merge(const RejectTally& other) {
  for (std::size_t i = 0; i < records_.size(); ++i) {
    records_[i] += other.records_[i];
  }
  for (const auto& [source, others] : other.rejected_) {
    Reasons& reasons = rejected_[source];
    for (std::size_t i = 0; i < reasons.size(); ++i) {
      reasons[i] += others[i];
    }
  }
}

std::vector<DamagedLog> RejectTally::DamagedLogs(
    const std::vector<std::unique_ptr<Source>>& sources) const {
  std::vector<DamagedLog> logs;
  for (const auto& [source, reasons] : rejected_) {
    const std::uint64_t rejected =
        std::accumulate(reasons.begin(), reasons.end(), std::uint64_t{0});
    if (rejected > records_[source] / 100) {
      const auto main_reason = std::max_element(reasons.begin(), reasons.end()) - reasons.begin();
      logs.push_back({.name = sources[source]->name(),
                      .records = records_[source],
                      .rejected = rejected,
                      .main_reason = static_cast<RejectReason>(main_reason)});
    }
  }
  std::sort(logs.begin(), logs.end(), [](const DamagedLog& a, const DamagedLog& b) {
    return a.rejected != b.rejected ? a.rejected > b.rejected : a.name < b.name;
  });
  return logs;
}

}  // namespace hark::pipeline
