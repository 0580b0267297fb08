#pragma once

#include <vector>

#include "base/diagnostics.h"
#include "base/yaml_node.h"

namespace hark {

// Reads the documents of a YAML stream. What is wrong goes to `diagnostics`; the documents before
// it are returned. Aliases are replaced by copies of what they name.
//
// Bounded, since a file may come from anywhere: 4 MiB a file, 200,000 nodes with aliases
// expanded, 64 levels. A key that stands twice in a map, a key that is no scalar and the merge
// key `<<` are errors.
std::vector<YamlNode> ReadYaml(const TextFile& file, Diagnostics& diagnostics);

}  // namespace hark
