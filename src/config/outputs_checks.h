#pragma once

#include <functional>
#include <string>

#include "config/outputs_config.h"

namespace hark::config {

// Reports what no setting of the outputs shows alone: `report` gets the path of a setting and a
// message.
using ReportProblem = std::function<void(const std::string& path, const std::string& message)>;
void CheckOutputs(const OutputsConfig& outputs, const ReportProblem& report);

}  // namespace hark::config
