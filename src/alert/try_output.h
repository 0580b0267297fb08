#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "alert/delivery_types.h"

namespace hark::alert {

// Sends a made-up alert to an output, once, whatever its filter says, and waits for what becomes of
// it: for `hark outputs test`. The alert says that it is a test. An error says why it was not
// delivered; its code tells nothing.
absl::Status TryOutput(OutputSettings& output, absl::Duration at_most, absl::Time now);

}  // namespace hark::alert
