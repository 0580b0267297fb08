#include "pipeline/source_peek.h"

#include <cstddef>
#include <limits>
#include <string_view>

#include "hark/detector.h"

#include "pipeline/event_reader.h"

namespace hark::pipeline {
namespace {

constexpr std::size_t kPeekBytes = std::size_t{64} << 10;

// Takes the time of the first event.
struct FirstEventHandler {
  const Micros latest_legal = kEndOfTime;
  Micros time = kBeginningOfTime;

  void OnEvent(const AuditEvent& event, std::string_view /*cluster*/,
               const RecordOrigin& /*origin*/) {
    if (time == kBeginningOfTime && event.stage_time <= latest_legal) {
      time = event.stage_time;
    }
  }
  void OnSkip(SkipReason /*reason*/) const {}
  void OnReject(RejectReason /*reason*/, const RecordOrigin& /*origin*/) const {}
};

// Keeps its buffers from source to source.
class Peeker {
 public:
  explicit Peeker(const PeekOptions& options)
      : options_(options), reader_(options.parts, std::numeric_limits<std::size_t>::max()) {}

  Micros FirstEventTime(Source& source) {
    // Rewinding a source that was not read yet only asks whether it can be read twice.
    if (!source.Rewind()) {
      return kBeginningOfTime;
    }
    FirstEventHandler handler{.latest_legal = options_.latest_legal};
    // An error comes again when the source is read to be judged, and is reported there.
    if (source.Read(kPeekBytes, batch_).ok()) {
      reader_.Read(batch_, handler);
    }
    source.Rewind();
    return handler.time;
  }

 private:
  const PeekOptions& options_;
  EventReader reader_;
  RecordBatch batch_;
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
