#pragma once

#include <string>
#include <string_view>

#include "alert/revision.h"

namespace hark::alert {

// The bodies of webhooks. The alert within is its canonical JSON, byte for byte; the time beside it
// is when the revision was made. docs/outputs.md describes both.

// "alert.opened", "alert.escalated", "alert.closed".
std::string EventType(const Revision& revision);

// Standard Webhooks' {"type": ..., "timestamp": ..., "data": alert}.
std::string NativeBody(const Revision& revision);

// CloudEvents 1.0, structured: application/cloudevents+json.
std::string CloudEventsBody(const Revision& revision, std::string_view id);

}  // namespace hark::alert
