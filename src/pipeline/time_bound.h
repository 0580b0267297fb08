#pragma once

#include <optional>
#include <string_view>

#include "hark/event.h"

namespace hark::pipeline {

// A moment as a user writes it: "2026-11-23T18:00:00Z", or "-2h": before the last event.
struct TimeBound {
  bool relative = false;
  Micros value = 0;  // the moment; if relative, what is added to the last event's time

  Micros Resolve(Micros last_event) const { return relative ? last_event + value : value; }
};

// nullopt if it is neither.
std::optional<TimeBound> ParseTimeBound(std::string_view text);

}  // namespace hark::pipeline
