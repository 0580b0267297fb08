#pragma once

#include <vector>

#include "rules/diagnostics.h"
#include "rules/loader.h"
#include "rules/yaml_node.h"

namespace hark::rules {

// Reads the documents of a YAML stream. What is wrong goes to `diagnostics`; the documents before
// it are returned. Aliases are replaced by copies of what they name.
//
// Bounded, since a rule file may come from anywhere: 4 MiB a file, 200,000 nodes with aliases
// expanded, 64 levels. A key that stands twice in a map, a key that is no scalar and the merge
// key `<<` are errors.
std::vector<YamlNode> ReadYaml(const RuleFile& file, Diagnostics& diagnostics);

}  // namespace hark::rules
