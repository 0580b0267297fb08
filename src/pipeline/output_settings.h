#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

#include "hark/clock.h"

#include "alert/delivery_types.h"
#include "alert/layout.h"
#include "alert/outbox.h"
#include "config/outputs_config.h"

namespace hark::pipeline {

// What outputs need beside their configuration. All of it outlives them.
struct OutputSurroundings {
  int stdout_fd = 1;
  alert::TableOptions table = {};  // of standard output
  const Clock* clock = &Clock::System();
  // What may wait for any of them, whatever its own limit; 0: no more than that.
  std::uint64_t max_waiting_bytes = 0;
};

// The outputs of a configuration, ready to deliver: files are open, secrets read, templates parsed.
// An error names the output. The replicas of an Alertmanager are an output each: NAME, or NAME/HOST
// where there are several.
absl::StatusOr<std::vector<alert::OutputSettings>> MakeOutputs(
    const config::OutputsConfig& outputs, const OutputSurroundings& surroundings);

// The silences of a configuration. They hold from the beginning of time until they end, so that a
// restart changes nothing. InvalidArgument names the one that is none.
absl::StatusOr<std::vector<alert::Silence>> MakeSilences(
    const std::vector<config::SilenceConfig>& silences);

// Whether the templates of webhooks are such, without a look at secrets. InvalidArgument or
// NotFound names output and file.
absl::Status CheckTemplates(const config::OutputsConfig& outputs);

}  // namespace hark::pipeline
