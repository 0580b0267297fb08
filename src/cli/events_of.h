#pragma once

#include "cli/exit_code.h"
#include "cli/replay_session.h"

namespace hark::cli {

// Prints the raw events behind the alert whose id begins with the request's `events_of`, as they
// stand in the inputs, each once. Reads the inputs twice: to learn which events the alert is made
// of, and to print them.
ExitCode PrintEventsOf(ReplaySession& session);

}  // namespace hark::cli
