#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "hark/detector.h"
#include "hark/event.h"
#include "hark/source.h"

namespace hark::pipeline {

// Which events of a source say when it begins.
struct PeekOptions {
  EventParts parts = 0;              // parsed to tell whether it is an event
  Micros latest_legal = kEndOfTime;  // an event after it is none
  const std::atomic<bool>* stop = nullptr;
};

// The time of the first event in the first 64 KiB of each source, in their order; kBeginningOfTime
// where there is none, where the source cannot be read, and where it can be read only once. All
// sources are left as if they had not been read, and closed. Ends early once `stop` is true (it may
// be null): what was not looked at has kBeginningOfTime.
std::vector<Micros> FirstEventTimes(const std::vector<std::unique_ptr<Source>>& sources,
                                    const PeekOptions& options);

}  // namespace hark::pipeline
