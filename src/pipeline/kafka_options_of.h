#pragma once

#include "config/config.h"
#include "ingest/kafka_options.h"

namespace hark::pipeline {

// What an entry of sources.kafka, which was checked, is to the ingest.
ingest::KafkaOptions KafkaOptionsOf(const config::KafkaSourceConfig& entry,
                                    const config::LimitsConfig& limits);

}  // namespace hark::pipeline
