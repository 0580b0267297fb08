#pragma once

#include <string_view>

#include "absl/status/statusor.h"

#include "config/kafka_config.h"

namespace hark::config {

// An entry as the command line has it:
//
//   [CLUSTER=]BROKER[,BROKER...]/TOPIC[,TOPIC...]        "prod=kafka-0:9092,kafka-1:9092/audit"
//
// InvalidArgument, for people, if it is none.
absl::StatusOr<KafkaSourceConfig> ParseKafkaFlag(std::string_view text);

}  // namespace hark::config
