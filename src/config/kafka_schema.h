#pragma once

#include <memory>

#include "config/schema.h"

namespace hark::config {

// An entry of sources.kafka.
std::shared_ptr<const Section> KafkaSection();

}  // namespace hark::config
