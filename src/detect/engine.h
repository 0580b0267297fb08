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

// Goes on from the state of `old`, which is used up, with another rule set. REQUIRES: `old` came
// from MakeEngine() or from here. Its state may be frozen: it stays as it was.
//
// Alerting rules of which id and version are the same keep their windows and open alerts, which
// show the texts of the new rule set from here on. All others end: whatever was given before is
// judged by the rules as they were, so they judge at once the facts that wait for the watermark,
// in order, and then their open alerts close at the time of the last event that they have judged,
// or at the watermark if that is later. Of several the one with the least id comes first. Rules
// that are new begin with nothing. The waiting facts go on waiting for the rules that stay. Copies,
// requests, watermark and statistics carry over: of a request that a rule has counted another
// version of that rule counts no other stage. Where the share of a rule in the state budget
// becomes too small, groups go as they do at an event.
//
// The old rule set must outlive what `sink` keeps of the alerts; `observer` is told of what happens
// after this, that of `old` of all before.
std::unique_ptr<Detector> ReloadEngine(std::unique_ptr<Detector> old,
                                       std::shared_ptr<const rules::RuleSet> rules,
                                       const EngineOptions& options, RevisionSink& sink,
                                       EpisodeObserver* observer = nullptr);

}  // namespace hark::detect
