#include "detect/engine.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/hash128.h"
#include "detect/engine_impl.h"

namespace hark::detect {
namespace {

constexpr Micros kMinute = 60'000'000;
// How long below the watermark copies of an event are recognised, and late events judged.
constexpr Micros kDedupeHorizon = 10 * kMinute;
// How long after its start a long-running request's end is still paired with its start.
constexpr Micros kPairHorizon = 120 * kMinute;

Micros Before(Micros time, Micros duration) {
  return time < kBeginningOfTime + duration ? kBeginningOfTime : time - duration;
}

}  // namespace

Engine::Engine(std::shared_ptr<const rules::RuleSet> rules, const EngineOptions& options,
               EpisodeObserver* observer) {
  context_.observer = observer;
  std::vector<std::unique_ptr<RuleState>> none(rules->alert_rules.size());
  SetRules(std::move(rules), options, std::move(none));
}

void Engine::SetRules(std::shared_ptr<const rules::RuleSet> rules, const EngineOptions& options,
                      std::vector<std::unique_ptr<RuleState>> kept) {
  rules_ = std::move(rules);
  states_ = std::move(kept);
  pair_salts_.clear();
  key_budget_ = options.max_state_bytes / 4;
  pending_budget_ = options.max_state_bytes / 4;
  const std::uint64_t share = (options.max_state_bytes - key_budget_ - pending_budget_) /
                              std::max<std::uint64_t>(states_.size(), 1);
  for (std::uint32_t i = 0; i < states_.size(); ++i) {
    const rules::AlertRule& rule = rules_->alert_rules[i];
    pair_salts_.push_back(HashParts({rule.info.id}));
    if (states_[i] != nullptr) {
      states_[i]->Rebind(rule, i, share);
      continue;
    }
    states_[i] = std::make_unique<RuleState>(rule, i, share, context_);
    if (released_ > watermark_.time()) {
      states_[i]->NoteLoss(released_);  // events up to here come late only as the budget was short
    }
  }
}

void Engine::Sort(const std::string& source, Fact&& fact, FactsInOrder& late) {
  ++stats_.facts;
  const bool is_late = fact.time < released_;
  if (is_late && fact.time < std::max(forgotten_, Before(released_, kDedupeHorizon))) {
    ++stats_.too_late;
    if (context_.observer != nullptr) {
      context_.observer->OnTooLate(source, fact);
    }
    if (fact.time >= Before(watermark_.time(), kDedupeHorizon)) {
      NoteLoss(released_);  // only the state budget keeps it from being judged
    }
    return;
  }
  if (is_late && judged_.Contains(fact.time, fact.key)) {
    ++stats_.duplicate;
    return;
  }
  const bool is_new = (is_late ? late : pending_).Add(std::move(fact));
  if (!is_new) {
    ++stats_.duplicate;
  } else if (is_late) {
    ++stats_.late;
  }
}

void Engine::Apply(FactRecord record, RevisionSink& sink) {
  FactsInOrder late(context_.freezer);
  for (Fact& fact : record.facts) {
    Sort(record.source, std::move(fact), late);
  }
  for (; !late.empty(); late.DropFirst()) {
    Judge(late.first(), released_, sink);
  }
  watermark_.Update(record);
  if (watermark_.time() > released_) {
    Release(watermark_.time(), sink);
  }
  EnforcePendingBudget(sink);
}

void Engine::EnforcePendingBudget(RevisionSink& sink) {
  if (pending_.bytes() <= pending_budget_) {
    return;
  }
  // What may still come from before this time is late now. No alert that it could have counted in
  // is exact, those that open on the way among them.
  const Micros limit = pending_.TimeToShrinkTo(pending_budget_);
  NoteLoss(limit);
  const std::uint64_t before = stats_.judged;
  Release(limit, sink);
  stats_.early += stats_.judged - before;
}

void Engine::Finish(RevisionSink& sink) {
  Release(kEndOfTime, sink);
}

void Engine::Release(Micros limit, RevisionSink& sink) {
  for (; !pending_.empty() && pending_.first().time < limit; pending_.DropFirst()) {
    const Fact& fact = pending_.first();
    RunTimersBefore(fact.time, sink);
    Judge(fact, fact.time, sink);
  }
  RunTimersBefore(limit, sink);
  released_ = limit;
  ForgetBefore(limit - kDedupeHorizon);
  for (const auto& state : states_) {
    state->ExpireBefore(limit);
  }
}

void Engine::RunTimersBefore(Micros limit, RevisionSink& sink) {
  while (!context_.timers.empty() && context_.timers.begin()->time < limit) {
    const CloseTimer timer = *context_.timers.begin();
    context_.timers.erase(context_.timers.begin());
    states_[timer.rule]->Close(timer.alert_id, sink);
  }
}

// Is the event one of the rule's? Not without the value that the rule counts, nor if the fact is of
// another rule set (which the fact log's barrier records exclude).
bool Engine::Concerns(const FactMatch& match) const {
  if (match.alert_rule >= states_.size()) {
    return false;
  }
  const rules::AlertRule& rule = rules_->alert_rules[match.alert_rule];
  return match.group.size() == rule.group_by.size() && (!rule.counted || match.counted);
}

// May the event count for the rule, or did it count already, in another stage of its request? The
// end of a long-running request that began too long ago to be remembered does not.
bool Engine::TakesPart(const Fact& fact, std::uint32_t alert_rule) {
  if (fact.time > fact.received_time + kPairHorizon) {
    return !fact.long_running || fact.stage == Stage::kResponseStarted;
  }
  const Hash128& salt = pair_salts_[alert_rule];
  Hash128 key = fact.pair_key;
  for (std::size_t i = 0; i < key.size(); ++i) {
    key[i] = static_cast<std::uint8_t>(key[i] ^ salt[i]);
  }
  return pairs_.Insert(fact.received_time, key);
}

void Engine::Judge(const Fact& fact, Micros now, RevisionSink& sink) {
  // What is remembered depends on the events judged so far, not on how they came in records.
  ForgetBefore(now - kDedupeHorizon);
  judged_.Insert(fact.time, fact.key);
  ++stats_.judged;
  CollectMatches(fact);
  JudgeMatches(fact, now, sink);
  EnforceKeyBudget(now);
}

// An event counts once for an alerting rule, by however many event rules it came to it.
void Engine::CollectMatches(const Fact& fact) {
  matches_.clear();
  for (const FactMatch& match : fact.matches) {
    if (Concerns(match)) {
      matches_.push_back(&match);
    }
  }
  std::ranges::stable_sort(matches_, {}, &FactMatch::alert_rule);
  const auto same_rule = [](const FactMatch* a, const FactMatch* b) {
    return a->alert_rule == b->alert_rule;
  };
  matches_.erase(std::unique(matches_.begin(), matches_.end(), same_rule), matches_.end());
}

void Engine::JudgeMatches(const Fact& fact, Micros now, RevisionSink& sink) {
  for (const FactMatch* match : matches_) {
    if (!TakesPart(fact, match->alert_rule)) {
      continue;
    }
    RuleState& state = *states_[match->alert_rule];
    const std::uint64_t before = state.evictions();
    state.Judge(fact, *match, now, sink);
    stats_.evictions += state.evictions() - before;
  }
}

void Engine::EnforceKeyBudget(Micros now) {
  while (judged_.bytes() + pairs_.bytes() > key_budget_ && pairs_.bytes() > 0) {
    // A request whose start is forgotten may be counted a second time at its end.
    pairs_.ForgetOldest();
    NoteLoss(now);
    ++stats_.forgotten;
  }
  while (judged_.bytes() > key_budget_) {
    // A copy that is not recognised would count twice, so nothing as old is judged any more.
    forgotten_ = std::max(forgotten_, judged_.ForgetOldest());
    ++stats_.forgotten;
  }
}

void Engine::NoteLoss(Micros now) {
  for (const auto& state : states_) {
    state->NoteLoss(now);
  }
}

void Engine::ReadGauges(DetectorGauges& gauges) const {
  gauges.rules.resize(states_.size());
  for (std::size_t i = 0; i < states_.size(); ++i) {
    states_[i]->ReadGauges(gauges.rules[i]);
  }
  gauges.pending_bytes = pending_.bytes();
  gauges.key_bytes = judged_.bytes() + pairs_.bytes();
}

void Engine::ForgetBefore(Micros horizon) {
  judged_.ForgetBefore(horizon);
  pairs_.ForgetBefore(horizon - kPairHorizon);
}

void EpisodeObserver::OnEviction(std::uint32_t /*alert_rule*/, const Hash128& /*key*/) {}

std::unique_ptr<Detector> MakeEngine(std::shared_ptr<const rules::RuleSet> rules,
                                     const EngineOptions& options, EpisodeObserver* observer) {
  return std::make_unique<Engine>(std::move(rules), options, observer);
}

}  // namespace hark::detect
