#include "pipeline/source_peek.h"

#include <cstddef>
#include <string_view>

#include "ingest/record_splitter.h"
#include "parse/event_parser.h"

namespace hark::pipeline {
namespace {

constexpr std::size_t kPeekBytes = std::size_t{64} << 10;

// Keeps its buffers from source to source.
class Peeker {
 public:
  explicit Peeker(const PeekOptions& options) : options_(options), parser_(options.parts) {}

  Micros FirstEventTime(Source& source) {
    // Rewinding a source that was not read yet only asks whether it can be read twice.
    if (!source.Rewind()) {
      return kBeginningOfTime;
    }
    // An error comes again when the source is read to be judged, and is reported there.
    const Micros time =
        source.Read(kPeekBytes, batch_).ok() ? FirstEventTime(batch_.data) : kBeginningOfTime;
    source.Rewind();
    return time;
  }

 private:
  Micros FirstEventTime(std::string_view data) {
    ingest::RecordSplitter splitter(data);
    std::string_view json;
    while (splitter.Next(json)) {
      if (parser_.Parse(json, event_) == parse::ParseOutcome::kEvent &&
          event_.stage_time <= options_.latest_legal) {
        return event_.stage_time;
      }
    }
    return kBeginningOfTime;
  }

  const PeekOptions& options_;
  parse::EventParser parser_;
  RecordBatch batch_;
  AuditEvent event_;
};

}  // namespace

std::vector<Micros> FirstEventTimes(const std::vector<std::unique_ptr<Source>>& sources,
                                    const PeekOptions& options) {
  std::vector<Micros> times(sources.size(), kBeginningOfTime);
  Peeker peeker(options);
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (options.stop != nullptr && options.stop->load(std::memory_order_relaxed)) {
      break;
    }
    times[i] = peeker.FirstEventTime(*sources[i]);
  }
  return times;
}

}  // namespace hark::pipeline
