#pragma once

#include <cstdint>
#include <string_view>

#include "hark/event.h"
#include "hark/source.h"

#include "parse/event_parser.h"

namespace hark::parse {

// How an essential field was found.
enum class Presence : std::uint8_t { kMissing, kWrongType, kBadValue, kGood };

// What makes an object an audit event, as far as it was read.
struct EventEssentials {
  Presence audit_id = Presence::kMissing, stage = Presence::kMissing;
  Presence received = Presence::kMissing, stage_time = Presence::kMissing;
  Presence timestamp = Presence::kMissing;
  Micros timestamp_value = 0;
  std::string_view kind, api_version;  // raw JSON tokens

  // Resolves the times of the event, and says what is missing or wrong.
  ParseOutcome Judge(AuditEvent& event, RejectReason& reason) const;
};

}  // namespace hark::parse
