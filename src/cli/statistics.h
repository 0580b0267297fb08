#pragma once

#include <string>

#include "absl/time/time.h"

#include "pipeline/replay.h"

namespace hark::cli {

// What was read and what became of it, in a few lines for a person:
//
//   Input    27,442 records, 27.3 MB in 0.03 s (910 MB/s, 914,000 events/s)
//            27,442 events, 0 skipped, 0 rejected
//   Time     2026-11-23T18:17:40.720294Z to 2026-11-23T18:56:12.000001Z
//   Matched  312 events: 4 duplicates, 0 late, 0 too late; 0 groups evicted
std::string FormatStatistics(const pipeline::ReplayResult& result, absl::Duration elapsed);

}  // namespace hark::cli
