#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "hark/clock.h"
#include "hark/event.h"

namespace hark::log {

struct CommitGroup;

struct FactLogOptions {
  std::uint64_t segment_bytes = std::uint64_t{64} << 20;  // a new segment from here on
  std::size_t max_pending_bytes = std::size_t{16} << 20;  // appended, and not being written yet
  const Clock* clock = &Clock::System();                  // for the age of segments only
};

// A record that was appended. REQUIRES: not used with another log.
struct Appended {
  std::uint64_t position = 0;  // in the log, if it becomes durable; another record's otherwise
  std::shared_ptr<CommitGroup> group;
};

enum class WhenFull { kWait, kFail };

struct AppendOptions {
  // The generation() of the log when the appender began, or began again, to read its source.
  std::optional<std::uint64_t> generation = std::nullopt;
  WhenFull when_full = WhenFull::kWait;
};

struct FactLogStats {
  std::uint64_t bytes = 0;            // of all segments
  std::uint64_t oldest_position = 1;  // that is still kept
  std::optional<Micros> oldest_time;  // when its segment was begun; none without a segment
  std::uint64_t durable_position = 0;
  std::uint64_t cut_bytes = 0;      // of a torn tail, when it was opened
  std::uint64_t failed_groups = 0;  // that could not be written or synced
};

}  // namespace hark::log
