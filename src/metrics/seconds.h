#pragma once

#include "hark/event.h"

namespace hark::metrics {

// The Prometheus convention: seconds, also for times since 1970. A double holds today's times to
// a quarter of a microsecond.
constexpr double Seconds(Micros micros) {
  return static_cast<double>(micros) / 1e6;
}

}  // namespace hark::metrics
