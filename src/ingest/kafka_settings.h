#pragma once

#include "absl/status/statusor.h"

#include "ingest/kafka_handles.h"
#include "ingest/kafka_options.h"

namespace hark::ingest {

// librdkafka's configuration for these options. What hark relies on is set last, so that no
// property of the options changes it. InvalidArgument if librdkafka refuses a value; the error of a
// file that cannot be read. No message holds a secret.
absl::StatusOr<KafkaPtr<rd_kafka_conf_t>> KafkaSettings(const KafkaOptions& options);

}  // namespace hark::ingest
