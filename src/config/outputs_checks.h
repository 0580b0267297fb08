#pragma once

#include "config/outputs_config.h"
#include "config/report_problem.h"

namespace hark::config {

// Reports what no setting of the outputs shows alone.
void CheckOutputs(const OutputsConfig& outputs, const ReportProblem& report);

}  // namespace hark::config
