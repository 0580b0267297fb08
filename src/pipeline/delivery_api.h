#pragma once

#include <functional>

#include "absl/status/status.h"

#include "hark/clock.h"

#include "alert/alert_store.h"
#include "server/router.h"

namespace hark::pipeline {

// What the endpoints work on. All of it outlives the router.
struct DeliveryApiSources {
  alert::AlertStore* store = nullptr;
  const Clock* clock = &Clock::System();
  // Is called after silences or dead letters were changed: a running dispatcher loads them.
  std::function<absl::Status()> changed = [] { return absl::OkStatus(); };
};

// Silences and dead letters, as JSON; the same for a daemon's clients and for commands that work on
// the database where no daemon runs:
//
//   GET    /api/v1/silences[?all=true]      {"silences":[...]}: those that hold or will, or all
//   POST   /api/v1/silences                 {"matchers","reason","author","until"} -> {"number"}
//   DELETE /api/v1/silences/NUMBER          ends it
//   GET    /api/v1/dead-letters?output= after= limit=     {"dead_letters":[...],"next":N}
//   GET    /api/v1/dead-letters/NUMBER      with the alert
//   POST   /api/v1/dead-letters/replay?output= number=    {"dead_letters": how many}
//   DELETE /api/v1/dead-letters?output= up_to=            {"dead_letters": how many}
//
// `until` is a time, or a duration from now on: "2h". All of them ask for authorization.
void AddDeliveryRoutes(const DeliveryApiSources& sources, server::Router& router);

}  // namespace hark::pipeline
