#pragma once

#include <vector>

#include "absl/status/statusor.h"

#include "alert/alert_table.h"
#include "alert/delivery_types.h"
#include "config/config.h"

namespace hark::pipeline {

// The outputs that a configuration names, ready to be started. Fails if a file cannot be opened.
absl::StatusOr<std::vector<alert::OutputSettings>> MakeOutputs(const config::OutputsConfig& config,
                                                               const alert::TableOptions& table);

}  // namespace hark::pipeline
