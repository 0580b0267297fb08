#pragma once

#include <memory>

#include "config/schema.h"

namespace hark::config {

// The section `outputs`, read into an OutputsConfig.
std::shared_ptr<const Section> OutputsSection();

// An item of the list `silences`, read into a SilenceConfig.
std::shared_ptr<const Section> SilenceSection();

}  // namespace hark::config
