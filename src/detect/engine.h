#pragma once

#include <cstdint>
#include <memory>

#include "hark/detector.h"

#include "rules/rule_set.h"

namespace hark::detect {

struct EngineOptions {
  // The budget of all detector state, counted logically (design: bounds), in bytes.
  std::uint64_t max_state_bytes = 512ULL << 20;
};

// Told which events an episode is made of, for `--events-of`, and what the state budget did, for
// the oracle of the tests.
class EpisodeObserver {
 public:
  virtual ~EpisodeObserver() = default;
  // An event counts in the alert: at its opening once for each entry of the window, then for each
  // further event. `key` as in hark/fact.h.
  virtual void OnEpisodeEvent(const std::string& alert_id, const Hash128& key) = 0;
  // An event of this source came too late to be judged.
  virtual void OnTooLate(const std::string& /*source*/, const Fact& /*fact*/) {}
  // A group of the rule was dropped when the event was judged.
  virtual void OnEviction(std::uint32_t alert_rule, const Hash128& key);
};

// The stateful half for a compiled rule set. `observer` may be null and must outlive the engine.
std::unique_ptr<Detector> MakeEngine(std::shared_ptr<const rules::RuleSet> rules,
                                     const EngineOptions& options,
                                     EpisodeObserver* observer = nullptr);

}  // namespace hark::detect
