#include "pipeline/event_scan.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string_view>

#include "base/status_macros.h"
#include "pipeline/event_reader.h"

namespace hark::pipeline {
namespace {

constexpr std::size_t kBatchBytes = std::size_t{256} << 10;

struct ScanHandler {
  const EventVisit& visit;

  void OnEvent(const AuditEvent& event, std::string_view cluster,
               const RecordOrigin& /*origin*/) const {
    visit(event, cluster);
  }
  void OnSkip(SkipReason /*reason*/) const {}
  void OnReject(RejectReason /*reason*/, const RecordOrigin& /*origin*/) const {}
};

}  // namespace

absl::Status ScanEvents(Source& source, EventParts parts, const std::atomic<bool>* stop,
                        const EventVisit& visit) {
  // The source knows how long an event may be.
  EventReader reader(parts, std::numeric_limits<std::size_t>::max());
  ScanHandler handler{visit};
  RecordBatch batch;
  while (stop == nullptr || !stop->load(std::memory_order_relaxed)) {
    RETURN_IF_ERROR(source.Read(kBatchBytes, batch));
    if (batch.at_end()) {
      break;
    }
    reader.Read(batch, handler);
  }
  return absl::OkStatus();
}

std::optional<Micros> LastEventTime(const std::vector<std::unique_ptr<Source>>& sources,
                                    Micros latest_legal, const std::atomic<bool>* stop) {
  std::optional<Micros> last;
  for (const std::unique_ptr<Source>& source : sources) {
    const absl::Status status = ScanEvents(
        *source, 0, stop, [&last, latest_legal](const AuditEvent& event, std::string_view) {
          if (event.stage_time <= latest_legal) {
            last = std::max(last.value_or(event.stage_time), event.stage_time);
          }
        });
    // The same error comes again when the source is read to be judged, and is reported there.
    status.IgnoreError();
  }
  return last;
}

}  // namespace hark::pipeline
