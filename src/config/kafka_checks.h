#pragma once

#include <vector>

#include "config/kafka_config.h"
#include "config/report_problem.h"

namespace hark::config {

// Reports what no setting of sources.kafka shows alone, and what librdkafka would not take.
void CheckKafka(const std::vector<KafkaSourceConfig>& entries, const ReportProblem& report);

}  // namespace hark::config
