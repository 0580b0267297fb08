#pragma once

#include <string>

#include "config/loader.h"
#include "config/schema.h"
#include "config/settings.h"

namespace hark::config {

// The settings as YAML, each with a comment that says where its value comes from: "# default",
// "# /etc/hark/hark.yaml:3", "# HARK_LOG_LEVEL". Reads back as the same settings, but for secrets,
// which are shown as <secret>. `settings` is the struct of the schema; nothing is written to it.
std::string ShowSettings(const Section& schema, void* settings, const Origins& origins);

std::string ShowConfig(LoadedConfig loaded);

}  // namespace hark::config
