#pragma once

#include "base/diagnostics.h"
#include "base/yaml_node.h"
#include "rules/document.h"

namespace hark::rules {

// Reads the value of `correlation`, and `generate` from wherever it stands: the specification has
// it beside `correlation`, pySigma inside.
void ReadCorrelation(const YamlNode& rule, const YamlNode& correlation,
                     CorrelationDocument& document, Diagnostics& diagnostics);

}  // namespace hark::rules
