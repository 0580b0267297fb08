#pragma once

#include <memory>

#include "config/schema.h"

namespace hark::config {

// The part of ConfigSchema() that says where audit events come from.
std::shared_ptr<const Section> SourcesSection();

}  // namespace hark::config
