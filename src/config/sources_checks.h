#pragma once

#include "config/config.h"
#include "config/report_problem.h"

namespace hark::config {

// Reports what no setting of the webhook sources shows alone.
void CheckWebhookSources(const Config& config, const ReportProblem& report);

}  // namespace hark::config
