#pragma once

#include "rules/diagnostics.h"
#include "rules/document.h"
#include "rules/yaml_node.h"

namespace hark::rules {

// Reads the value of `correlation`, and `generate` from wherever it stands: the specification has
// it beside `correlation`, pySigma inside.
void ReadCorrelation(const YamlNode& rule, const YamlNode& correlation,
                     CorrelationDocument& document, Diagnostics& diagnostics);

}  // namespace hark::rules
