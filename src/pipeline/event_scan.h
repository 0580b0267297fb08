#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"

#include "hark/event.h"
#include "hark/source.h"

namespace hark::pipeline {

// Calls `visit` with each event of the source, in order; what is no event is passed over. The event
// is valid for the length of the call. Ends early, without an error, once `stop` is true (it may
// be null).
absl::Status ScanEvents(Source& source, EventParts parts, const std::atomic<bool>* stop,
                        const std::function<void(const AuditEvent&)>& visit);

// The highest event time in the sources that is not after `latest_legal`; nullopt if they have no
// event. Sources that cannot be read count as far as they could be.
std::optional<Micros> LastEventTime(const std::vector<std::unique_ptr<Source>>& sources,
                                    Micros latest_legal, const std::atomic<bool>* stop);

}  // namespace hark::pipeline
