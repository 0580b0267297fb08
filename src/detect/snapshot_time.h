#pragma once

#include "hark/detector.h"

#include "base/codec.h"

namespace hark::detect {

// Half of the range on each side: a sum of such a time and any timespan cannot overflow.
constexpr Micros kFarthestEventTime = Micros{1} << 62;

constexpr bool IsEventTime(Micros time) {
  return -kFarthestEventTime <= time && time <= kFarthestEventTime;
}

// Reads a time that an event can have; another one is damage.
inline Micros ReadEventTime(ByteReader& reader) {
  const Micros time = reader.Signed();
  if (!IsEventTime(time)) {
    reader.Fail();
    return 0;
  }
  return time;
}

// The same, or the beginning or the end of time.
inline Micros ReadTimeOrBound(ByteReader& reader) {
  const Micros time = reader.Signed();
  if (!IsEventTime(time) && time != kBeginningOfTime && time != kEndOfTime) {
    reader.Fail();
    return kBeginningOfTime;
  }
  return time;
}

}  // namespace hark::detect
