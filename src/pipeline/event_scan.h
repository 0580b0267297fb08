#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

#include "hark/event.h"
#include "hark/source.h"

namespace hark::pipeline {

// An event and what a wrapper of it calls its cluster, mostly empty. Valid for the length of the
// call.
using EventVisit = std::function<void(const AuditEvent&, std::string_view cluster)>;

// Calls `visit` with each event of the source, in order; what is no event is passed over. Ends
// early, without an error, once `stop` is true (it may be null).
absl::Status ScanEvents(Source& source, EventParts parts, const std::atomic<bool>* stop,
                        const EventVisit& visit);

// The highest event time in the sources that is not after `latest_legal`; nullopt if they have no
// event. Sources that cannot be read count as far as they could be.
std::optional<Micros> LastEventTime(const std::vector<std::unique_ptr<Source>>& sources,
                                    Micros latest_legal, const std::atomic<bool>* stop);

}  // namespace hark::pipeline
