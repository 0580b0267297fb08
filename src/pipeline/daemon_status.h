#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hark/event.h"

#include "alert/delivery_types.h"
#include "log/fact_log_types.h"
#include "pipeline/detector_loop.h"
#include "pipeline/live_source.h"

namespace hark::pipeline {

// What a daemon says of itself, as of one moment.
struct DaemonStatus {
  std::string version, commit, data_dir;
  Micros started = 0, now = 0;  // by the wall clock
  bool ready = false;
  std::vector<std::string> not_ready;  // why
  std::size_t rules = 0;               // that raise alerts
  DetectorLoop::Status detector;
  log::FactLogStats fact_log;
  std::vector<LiveSourceStatus> sources;
  std::vector<alert::OutputStatus> outputs;
};

// The document of GET /api/v1/status and `hark status --output json` (docs/status.md).
std::string ToJson(const DaemonStatus& status);

}  // namespace hark::pipeline
