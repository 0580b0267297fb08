#pragma once

#include <string>

#include "config/schema.h"

namespace hark::config {

// The JSON Schema (2020-12) of one configuration file, indented, for editors and checks before
// deployment. It is no looser than hark's own reading in what it knows, but where a value holds a
// reference such as ${NAME} it takes any text, and what concerns several settings it leaves out.
std::string JsonSchema(const Section& schema);

}  // namespace hark::config
