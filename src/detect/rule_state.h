#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"

#include "hark/alert.h"
#include "hark/detector.h"
#include "hark/fact.h"

#include "base/codec.h"
#include "base/hash128.h"
#include "detect/engine.h"
#include "detect/episode.h"
#include "detect/freezer.h"
#include "detect/frozen_rule.h"
#include "rules/rule_set.h"

namespace hark::detect {

// When open episodes close, over all rules, in the order in which timers run: (time, alert id).
struct CloseTimer {
  Micros time = 0;
  Hash128 alert_id{};
  std::uint32_t rule = 0;
  friend bool operator<(const CloseTimer& a, const CloseTimer& b) {
    return std::tie(a.time, a.alert_id, a.rule) < std::tie(b.time, b.alert_id, b.rule);
  }
};
using CloseTimers = std::set<CloseTimer>;

// What the states of all rules share. Everything in it outlives them.
struct RuleContext {
  CloseTimers timers;
  EpisodeObserver* observer = nullptr;  // may be null
  const std::shared_ptr<Freezer> freezer = std::make_shared<Freezer>();
};

// Everything that one alerting rule remembers: a window for each group that was seen within the
// rule's timespan, and the open episodes. Times given to it never go backwards.
//
// The state is bounded by `budget` bytes, counted logically. Where it would grow past that, groups
// that have expired go first, then the one that was seen least recently (of several of one moment
// the one with the least hash); alerts whose window spans such a loss are not exact.
//
// The open episode of a group that goes closes by its timer, after the events of this moment, so
// that alerts close in the order (time, id). At the watermark a moment can have any number of
// events: an eighth of the budget is for the episodes that wait so, and past that they close at
// once, the one with the least id first. Not thread-safe, but for what is frozen.
class RuleState {
 public:
  RuleState(const rules::AlertRule& rule, std::uint32_t index, std::uint64_t budget,
            RuleContext& context);
  ~RuleState() { Clear(); }
  RuleState(const RuleState&) = delete;
  RuleState& operator=(const RuleState&) = delete;

  // Judges one event at `now`. REQUIRES: the match has a counted value if the rule counts one.
  void Judge(const Fact& fact, const FactMatch& match, Micros now, RevisionSink& sink);

  // Closes the episode, at its time. REQUIRES: it is open.
  void Close(const Hash128& alert_id, RevisionSink& sink);
  // Closes it at `now`, because the rule ends. REQUIRES: it is open.
  void CloseWithRule(const Hash128& alert_id, Micros now, RevisionSink& sink);

  // From here on it is the state of this rule, which is the same one (by id and version) in
  // another rule set, within another budget. The timers of its episodes must be gone and are set
  // again. `rule` must outlive it.
  void Rebind(const rules::AlertRule& rule, std::uint32_t index, std::uint64_t budget);
  // Drops at `now` what its budget has no room for.
  void Shrink(Micros now, RevisionSink& sink);

  // Forgets the groups whose last event left the window before `now`.
  void ExpireBefore(Micros now);

  // Something that alerts of this rule might count was lost at `now`.
  void NoteLoss(Micros now) { last_loss_ = std::max(last_loss_, now); }

  std::uint64_t evictions() const { return evictions_; }
  // Of all that it remembers, episodes that wait for their close among it.
  std::uint64_t bytes() const { return bytes_ + waiting_bytes_; }
  std::size_t groups() const { return groups_.size(); }

  void ReadGauges(DetectorGauges::Rule& gauges) const;

  FrozenRule Freeze() const;
  void Restore(ByteReader& reader);

 private:
  using TimedKey = std::pair<Micros, Hash128>;

  Freezable<GroupState> MakeGroup() const;
  GroupState& Touch(const Hash128& key, Micros now);
  void Open(const Hash128& key, GroupState& group, const Fact& fact, const FactMatch& match,
            RevisionSink& sink);
  void Continue(const GroupState& group, bool holds, RevisionSink& sink);
  void SetTimer(const Episode& episode, Micros old_time);
  void Expire(Micros limit);
  void Drop(const Hash128& key);
  // `current` is the group of the event that is judged, `cause` the event's key.
  void EnforceBudget(const std::optional<Hash128>& current, const Hash128& cause, Micros now,
                     RevisionSink& sink);
  Alert EndEpisode(const Hash128& alert_id);
  std::uint64_t& OpenAlerts(const Episode& episode);
  void Evict(const Hash128& key, Micros now);
  void CloseWaiting(RevisionSink& sink);
  std::uint64_t BytesOf(const GroupState& group) const;
  Micros ExpiryOf(const GroupState& group) const;
  bool Exact(const Episode& episode) const;
  void Clear();
  void RestoreGroups(ByteReader& reader);
  void RestoreEpisodes(ByteReader& reader);

  const rules::AlertRule* rule_;
  std::uint32_t index_;
  std::uint64_t waiting_budget_;
  std::uint64_t budget_;  // of the rest
  RuleContext& context_;
  template <typename T>
  using HashMap = absl::flat_hash_map<Hash128, Freezable<T>, Hash128Hasher>;
  HashMap<GroupState> groups_;
  HashMap<OpenEpisode> episodes_;    // by alert id
  std::set<TimedKey> by_last_seen_;  // all groups
  std::set<TimedKey> by_expiry_;     // groups without an open episode
  std::set<Hash128> waiting_;        // open episodes whose groups are gone
  std::uint64_t bytes_ = 0;          // of the groups and their episodes
  std::uint64_t waiting_bytes_ = 0;
  std::array<std::uint64_t, kSeverityCount> open_alerts_{};
  std::uint64_t evictions_ = 0;
  Micros last_loss_ = kBeginningOfTime;
};

}  // namespace hark::detect
