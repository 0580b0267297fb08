// The engine goes on with another rule set.

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "base/check.h"
#include "detect/engine_impl.h"
#include "detect/rule_mapping.h"

namespace hark::detect {

// The rules are done with what they were given: what waits for the watermark is judged by them,
// then their alerts close. All other timers are gone after it.
void Engine::EndRules(const std::vector<bool>& ends, RevisionSink& sink) {
  std::erase_if(context_.timers, [&](const CloseTimer& timer) { return !ends[timer.rule]; });
  Micros end = released_;
  pending_.ForEach([&](const Fact& fact) {
    CollectMatches(fact);
    std::erase_if(matches_, [&](const FactMatch* match) { return !ends[match->alert_rule]; });
    if (!matches_.empty()) {
      RunTimersBefore(fact.time, sink);
      JudgeMatches(fact, fact.time, sink);
      end = fact.time;
    }
  });
  RunTimersBefore(end, sink);
  std::vector<CloseTimer> open(context_.timers.begin(), context_.timers.end());
  std::ranges::sort(open, {}, &CloseTimer::alert_id);
  for (const CloseTimer& timer : open) {
    states_[timer.rule]->CloseWithRule(timer.alert_id, end, sink);
  }
  EnforceKeyBudget(end);
}

void Engine::Reload(std::shared_ptr<const rules::RuleSet> rules, const EngineOptions& options,
                    RevisionSink& sink, EpisodeObserver* observer) {
  const RuleMapping mapping(*rules_, *rules);
  std::vector<bool> ends;
  for (std::uint32_t i = 0; i < states_.size(); ++i) {
    ends.push_back(!mapping.AlertRule(i).has_value());
  }
  EndRules(ends, sink);
  pending_.ChangeEach([&](Fact& fact) { mapping.Apply(fact); });
  std::vector<std::unique_ptr<RuleState>> kept(rules->alert_rules.size());
  for (std::uint32_t i = 0; i < states_.size(); ++i) {
    if (!ends[i]) {
      kept[*mapping.AlertRule(i)] = std::move(states_[i]);
    }
  }
  context_.timers.clear();
  context_.observer = observer;
  states_.clear();  // those that end know the old rules
  SetRules(std::move(rules), options, std::move(kept));
  for (const auto& state : states_) {
    const std::uint64_t before = state->evictions();
    state->Shrink(released_, sink);
    stats_.evictions += state->evictions() - before;
  }
}

std::unique_ptr<Detector> ReloadEngine(std::unique_ptr<Detector> old,
                                       std::shared_ptr<const rules::RuleSet> rules,
                                       const EngineOptions& options, RevisionSink& sink,
                                       EpisodeObserver* observer) {
  auto* const engine = dynamic_cast<Engine*>(old.get());
  HARK_CHECK(engine != nullptr);
  engine->Reload(std::move(rules), options, sink, observer);
  return old;
}

}  // namespace hark::detect
