#pragma once

#include "cli/exit_code.h"
#include "cli/replay_request.h"

namespace hark::cli {

// Replays the inputs and shows what was asked for: alerts, or the events behind one of them.
ExitCode RunReplay(const ReplayRequest& request);

}  // namespace hark::cli
