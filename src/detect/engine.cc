#include "detect/engine.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"

#include "base/codec.h"
#include "base/fact_codec.h"
#include "base/hash128.h"
#include "detect/rule_state.h"
#include "detect/snapshot_time.h"
#include "detect/timed_key_set.h"
#include "detect/watermark.h"

namespace hark::detect {
namespace {

constexpr std::uint64_t kSnapshotVersion = 1;
constexpr Micros kMinute = 60'000'000;
// How long below the watermark copies of an event are recognised, and late events judged.
constexpr Micros kDedupeHorizon = 10 * kMinute;
// How long after its start a long-running request's end is still paired with its start.
constexpr Micros kPairHorizon = 120 * kMinute;

// The place of an event in the one order in which events are judged.
struct OrderKey {
  Micros time = 0;
  bool not_started = false;  // ResponseStarted comes before the other stages
  Hash128 key{};
  friend bool operator<(const OrderKey& a, const OrderKey& b) {
    return std::tie(a.time, a.not_started, a.key) < std::tie(b.time, b.not_started, b.key);
  }
};

OrderKey OrderOf(const Fact& fact) {
  return {.time = fact.time, .not_started = fact.stage != Stage::kResponseStarted, .key = fact.key};
}

using FactsInOrder = std::map<OrderKey, Fact>;

// Of unequal copies of one event the one that says more is kept, whichever came first.
bool IsBetterCopy(const Fact& candidate, const Fact& kept) {
  const auto rank = [](const Fact& fact) { return std::tuple(fact.level, fact.raw_length); };
  if (rank(candidate) != rank(kept)) {
    return rank(candidate) > rank(kept);
  }
  ByteWriter candidate_bytes;
  ByteWriter kept_bytes;
  EncodeFact(candidate, candidate_bytes);
  EncodeFact(kept, kept_bytes);
  return candidate_bytes.bytes() > kept_bytes.bytes();
}

// Adds the fact, unless a copy that says at least as much is there. Returns false for a copy.
bool AddOrReplace(Fact&& fact, FactsInOrder& facts) {
  // try_emplace moves only if there is no such key yet.
  const auto [entry, is_new] = facts.try_emplace(OrderOf(fact), std::move(fact));
  if (!is_new && IsBetterCopy(fact, entry->second)) {
    entry->second = std::move(fact);
  }
  return is_new;
}

// Orders what arrives, collapses copies, pairs the stages of a request, and gives each event to
// the rules that it matched:
//
//   record -> late? -> judged at the watermark
//          \-> pending, by (time, stage, key) -> watermark passes -> judged, timers between
class Engine final : public Detector {
 public:
  Engine(std::shared_ptr<const rules::RuleSet> rules, const EngineOptions& options,
         EpisodeObserver* observer);

  void Apply(FactRecord record, RevisionSink& sink) override;
  void Finish(RevisionSink& sink) override;
  void Save(ByteWriter& writer) const override;
  absl::Status Restore(ByteReader& reader) override;
  Micros watermark() const override { return released_; }
  const DetectorStats& stats() const override { return stats_; }

 private:
  void Sort(Fact&& fact, FactsInOrder& late);
  void Release(Micros limit, RevisionSink& sink);
  void Judge(const Fact& fact, Micros now, RevisionSink& sink);
  bool Concerns(const FactMatch& match) const;
  bool TakesPart(const Fact& fact, std::uint32_t alert_rule);
  void RunTimersBefore(Micros limit, RevisionSink& sink);
  void ForgetBefore(Micros horizon);
  void EnforceSharedBudget(Micros now);
  void NoteLoss(Micros now);
  Micros DedupeHorizon() const;

  const std::shared_ptr<const rules::RuleSet> rules_;
  const std::uint64_t shared_budget_;
  std::vector<Hash128> pair_salts_;  // by alert rule
  RuleContext context_;
  std::vector<std::unique_ptr<RuleState>> states_;  // by alert rule
  Watermark watermark_;
  Micros released_ = kBeginningOfTime;   // every event and timer before it has been judged
  Micros forgotten_ = kBeginningOfTime;  // copies of earlier events are not recognised any more
  FactsInOrder pending_;
  TimedKeySet judged_;  // event keys, by event time
  TimedKeySet pairs_;   // (request, alert rule), by the request's start
  DetectorStats stats_;
  std::vector<const FactMatch*> matches_;  // of the fact that is judged; kept for its memory
};

Engine::Engine(std::shared_ptr<const rules::RuleSet> rules, const EngineOptions& options,
               EpisodeObserver* observer)
    : rules_(std::move(rules)), shared_budget_(options.max_state_bytes / 4) {
  context_.observer = observer;
  const std::uint64_t share = (options.max_state_bytes - shared_budget_) /
                              std::max<std::uint64_t>(rules_->alert_rules.size(), 1);
  for (std::uint32_t i = 0; i < rules_->alert_rules.size(); ++i) {
    const rules::AlertRule& rule = rules_->alert_rules[i];
    states_.push_back(std::make_unique<RuleState>(rule, i, share, context_));
    pair_salts_.push_back(HashParts({rule.info.id}));
  }
}

Micros Engine::DedupeHorizon() const {
  return released_ < kBeginningOfTime + kDedupeHorizon ? kBeginningOfTime
                                                       : released_ - kDedupeHorizon;
}

void Engine::Sort(Fact&& fact, FactsInOrder& late) {
  ++stats_.facts;
  const bool is_late = fact.time < released_;
  if (is_late && fact.time < std::max(forgotten_, DedupeHorizon())) {
    ++stats_.too_late;
    if (fact.time >= DedupeHorizon()) {
      NoteLoss(released_);  // only the state budget keeps it from being judged
    }
    return;
  }
  if (is_late && judged_.Contains(fact.time, fact.key)) {
    ++stats_.duplicate;
    return;
  }
  const bool is_new = AddOrReplace(std::move(fact), is_late ? late : pending_);
  if (!is_new) {
    ++stats_.duplicate;
  } else if (is_late) {
    ++stats_.late;
  }
}

void Engine::Apply(FactRecord record, RevisionSink& sink) {
  FactsInOrder late;
  for (Fact& fact : record.facts) {
    Sort(std::move(fact), late);
  }
  for (const auto& [order, fact] : late) {
    Judge(fact, released_, sink);
  }
  watermark_.Update(record);
  if (watermark_.time() > released_) {
    Release(watermark_.time(), sink);
  }
}

void Engine::Finish(RevisionSink& sink) {
  Release(kEndOfTime, sink);
}

void Engine::Release(Micros limit, RevisionSink& sink) {
  while (!pending_.empty() && pending_.begin()->first.time < limit) {
    const FactsInOrder::node_type next = pending_.extract(pending_.begin());
    const Fact& fact = next.mapped();
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
  // An event counts once for an alerting rule, by however many event rules it came to it.
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
  for (const FactMatch* match : matches_) {
    if (!TakesPart(fact, match->alert_rule)) {
      continue;
    }
    RuleState& state = *states_[match->alert_rule];
    const std::uint64_t before = state.evictions();
    state.Judge(fact, *match, now, sink);
    stats_.evictions += state.evictions() - before;
  }
  EnforceSharedBudget(now);
}

void Engine::EnforceSharedBudget(Micros now) {
  while (judged_.bytes() + pairs_.bytes() > shared_budget_ && pairs_.bytes() > 0) {
    // A request whose start is forgotten may be counted a second time at its end.
    pairs_.ForgetOldest();
    NoteLoss(now);
    ++stats_.evictions;
  }
  while (judged_.bytes() > shared_budget_) {
    // A copy that is not recognised would count twice, so nothing as old is judged any more.
    forgotten_ = std::max(forgotten_, judged_.ForgetOldest());
    ++stats_.evictions;
  }
}

void Engine::NoteLoss(Micros now) {
  for (const auto& state : states_) {
    state->NoteLoss(now);
  }
}

void Engine::ForgetBefore(Micros horizon) {
  judged_.ForgetBefore(horizon);
  pairs_.ForgetBefore(horizon - kPairHorizon);
}

void Engine::Save(ByteWriter& writer) const {
  writer.Unsigned(kSnapshotVersion);
  writer.Text(rules_->version);
  for (const std::uint64_t number : {stats_.facts, stats_.judged, stats_.duplicate, stats_.late,
                                     stats_.too_late, stats_.evictions}) {
    writer.Unsigned(number);
  }
  watermark_.Save(writer);
  writer.Signed(released_);
  writer.Signed(forgotten_);
  writer.Unsigned(pending_.size());
  for (const auto& [order, fact] : pending_) {
    EncodeFact(fact, writer);
  }
  judged_.Save(writer);
  pairs_.Save(writer);
  for (const auto& state : states_) {
    state->Save(writer);
  }
}

absl::Status Engine::Restore(ByteReader& reader) {
  if (reader.Unsigned() != kSnapshotVersion) {
    return absl::DataLossError("the detector state is damaged or of an unknown version");
  }
  const std::string version = reader.Text();
  if (!reader.ok()) {
    return absl::DataLossError("the detector state is damaged");
  }
  if (version != rules_->version) {
    return absl::FailedPreconditionError("the detector state is of another rule set");
  }
  for (std::uint64_t* number : {&stats_.facts, &stats_.judged, &stats_.duplicate, &stats_.late,
                                &stats_.too_late, &stats_.evictions}) {
    *number = reader.Unsigned();
  }
  watermark_.Restore(reader);
  released_ = ReadTimeOrBound(reader);
  forgotten_ = ReadTimeOrBound(reader);
  pending_.clear();
  for (std::size_t left = reader.Count(kMinFactBytes); left > 0 && reader.ok(); --left) {
    Fact fact = DecodeFact(reader);
    if (!IsEventTime(fact.time) || !IsEventTime(fact.received_time)) {
      reader.Fail();
    }
    const OrderKey order = OrderOf(fact);
    pending_.emplace(order, std::move(fact));
  }
  judged_.Restore(reader);
  pairs_.Restore(reader);
  context_.timers.clear();
  for (const auto& state : states_) {
    state->Restore(reader);
  }
  return reader.ok() && reader.at_end() ? absl::OkStatus()
                                        : absl::DataLossError("the detector state is damaged");
}

}  // namespace

std::unique_ptr<Detector> MakeEngine(std::shared_ptr<const rules::RuleSet> rules,
                                     const EngineOptions& options, EpisodeObserver* observer) {
  return std::make_unique<Engine>(std::move(rules), options, observer);
}

}  // namespace hark::detect
