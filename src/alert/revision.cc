#include "alert/revision.h"

#include "alert/alert_json.h"

namespace hark::alert {

Revision MakeRevision(const Alert& alert, Micros detected) {
  return {
      .id = alert.id,
      .n = alert.n,
      .rule_id = alert.rule->id,
      .rule_name = alert.rule->name,
      .level = alert.level,
      .state = alert.state,
      .actor = alert.opening.actor_name,
      .cluster = alert.cluster,
      .first = alert.first,
      .last = alert.last,
      .closed = alert.state == AlertState::kClosed ? alert.closed : 0,
      .detected = detected,
      .json = ToJson(alert),
  };
}

}  // namespace hark::alert
