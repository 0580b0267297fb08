#include "pipeline/event_scan.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "base/status_macros.h"
#include "ingest/record_splitter.h"
#include "parse/event_parser.h"

namespace hark::pipeline {
namespace {

constexpr std::size_t kBatchBytes = std::size_t{256} << 10;

}  // namespace

absl::Status ScanEvents(Source& source, EventParts parts, const std::atomic<bool>* stop,
                        const std::function<void(const AuditEvent&)>& visit) {
  parse::EventParser parser(parts);
  RecordBatch batch;
  AuditEvent event;
  while (stop == nullptr || !stop->load(std::memory_order_relaxed)) {
    RETURN_IF_ERROR(source.Read(kBatchBytes, batch));
    if (batch.at_end()) {
      break;
    }
    ingest::RecordSplitter splitter(batch.data);
    std::string_view json;
    while (splitter.Next(json)) {
      if (parser.Parse(json, event) == parse::ParseOutcome::kEvent) {
        visit(event);
      }
    }
  }
  return absl::OkStatus();
}

std::optional<Micros> LastEventTime(const std::vector<std::unique_ptr<Source>>& sources,
                                    Micros latest_legal, const std::atomic<bool>* stop) {
  std::optional<Micros> last;
  for (const std::unique_ptr<Source>& source : sources) {
    const absl::Status status =
        ScanEvents(*source, 0, stop, [&last, latest_legal](const AuditEvent& event) {
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
