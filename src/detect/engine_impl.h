#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "hark/detector.h"
#include "hark/fact.h"

#include "detect/engine.h"
#include "detect/facts_in_order.h"
#include "detect/rule_state.h"
#include "detect/timed_key_set.h"
#include "detect/watermark.h"
#include "rules/rule_set.h"

namespace hark::detect {

// Orders what arrives, collapses copies, pairs the stages of a request, and gives each event to
// the rules that it matched:
//
//   record -> late? -> judged at the watermark
//          \-> pending, by (time, stage, key) -> watermark passes -> judged, timers between
//                                             \-> too many      -> the oldest judged early
//
// Of the budget of the state a quarter is for the pending events, a quarter for the keys by which
// copies and requests are known, and the rest for the rules, in equal shares.
class Engine final : public Detector {
 public:
  Engine(std::shared_ptr<const rules::RuleSet> rules, const EngineOptions& options,
         EpisodeObserver* observer);

  void Apply(FactRecord record, RevisionSink& sink) override;
  void Finish(RevisionSink& sink) override;
  std::vector<StateSection> Sections() const override;
  std::unique_ptr<FrozenState> Freeze() override;
  absl::Status Restore(SectionReader& reader) override;
  Micros watermark() const override { return released_; }
  const DetectorStats& stats() const override { return stats_; }
  void ReadGauges(DetectorGauges& gauges) const override;

  // As ReloadEngine().
  void Reload(std::shared_ptr<const rules::RuleSet> rules, const EngineOptions& options,
              RevisionSink& sink, EpisodeObserver* observer);

 private:
  // `kept` are the states of rules that go on, by alert rule; the others are new.
  void SetRules(std::shared_ptr<const rules::RuleSet> rules, const EngineOptions& options,
                std::vector<std::unique_ptr<RuleState>> kept);
  void EndRules(const std::vector<bool>& ends, RevisionSink& sink);
  void Sort(const std::string& source, Fact&& fact, FactsInOrder& late);
  void Release(Micros limit, RevisionSink& sink);
  void Judge(const Fact& fact, Micros now, RevisionSink& sink);
  void CollectMatches(const Fact& fact);
  void JudgeMatches(const Fact& fact, Micros now, RevisionSink& sink);
  bool Concerns(const FactMatch& match) const;
  bool TakesPart(const Fact& fact, std::uint32_t alert_rule);
  void RunTimersBefore(Micros limit, RevisionSink& sink);
  void ForgetBefore(Micros horizon);
  void EnforceKeyBudget(Micros now);
  void EnforcePendingBudget(RevisionSink& sink);
  void NoteLoss(Micros now);

  std::shared_ptr<const rules::RuleSet> rules_;
  std::uint64_t key_budget_ = 0;
  std::uint64_t pending_budget_ = 0;
  std::vector<Hash128> pair_salts_;  // by alert rule
  RuleContext context_;
  std::vector<std::unique_ptr<RuleState>> states_;  // by alert rule
  Watermark watermark_;
  // Every event and timer before it has been judged. Later than the watermark only while pending
  // events were judged early.
  Micros released_ = kBeginningOfTime;
  Micros forgotten_ = kBeginningOfTime;  // copies of earlier events are not recognised any more
  FactsInOrder pending_{context_.freezer};
  TimedKeySet judged_{context_.freezer};  // event keys, by event time
  TimedKeySet pairs_{context_.freezer};   // (request, alert rule), by the request's start
  DetectorStats stats_;
  std::vector<const FactMatch*> matches_;  // of the fact that is judged; kept for its memory
};

}  // namespace hark::detect
