#pragma once

#include "config/schema.h"

namespace hark::config {

// The settings of hark: their names, types, ranges and documentation, and where in a Config each
// of them goes. Safe for concurrent use.
const Section& ConfigSchema();

}  // namespace hark::config
