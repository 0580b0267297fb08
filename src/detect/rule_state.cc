#include "detect/rule_state.h"

#include <algorithm>

#include "base/text.h"

namespace hark::detect {
namespace {

using Type = rules::AlertRule::Type;

// Moves an entry of an ordered set, in its old memory; one that is not there yet is added.
template <typename Set>
void Reposition(Set& set, const typename Set::value_type& from, typename Set::value_type to) {
  auto node = set.extract(from);
  if (node.empty()) {
    set.insert(std::move(to));
  } else {
    node.value() = std::move(to);
    set.insert(std::move(node));
  }
}

}  // namespace

RuleState::RuleState(const rules::AlertRule& rule, std::uint32_t index, std::uint64_t budget,
                     RuleContext& context)
    : rule_(&rule),
      index_(index),
      waiting_budget_(budget / 8),
      budget_(budget - waiting_budget_),
      context_(context) {}

Freezable<GroupState> RuleState::MakeGroup() const {
  return {std::make_unique<GroupState>(*rule_), *context_.freezer};
}

std::uint64_t RuleState::BytesOf(const GroupState& group) const {
  // With its place in a table, in two orders, and the half of a node of its deque that is empty.
  constexpr std::uint64_t kGroupBytes = 720;
  return kGroupBytes + group.window.bytes();
}

Micros RuleState::ExpiryOf(const GroupState& group) const {
  return group.last_seen == kBeginningOfTime ? kBeginningOfTime : group.last_seen + rule_->timespan;
}

bool RuleState::Exact(const Episode& episode) const {
  return last_loss_ < episode.opened_at() && last_loss_ <= episode.opened_at() - rule_->timespan;
}

GroupState& RuleState::Touch(const Hash128& key, Micros now) {
  const auto [entry, is_new] = groups_.try_emplace(key);
  if (is_new) {
    entry->second = MakeGroup();
    bytes_ += BytesOf(*entry->second);
  }
  GroupState& group = entry->second.Mutable(*context_.freezer);
  Reposition(by_last_seen_, {group.last_seen, key}, {now, key});
  if (!group.episode) {
    Reposition(by_expiry_, {ExpiryOf(group), key}, {now + rule_->timespan, key});
  }
  group.last_seen = now;
  return group;
}

void RuleState::Judge(const Fact& fact, const FactMatch& match, Micros now, RevisionSink& sink) {
  ExpireBefore(now);
  const Hash128 key = HashParts({GroupKey(fact.cluster, match.group)});
  GroupState& group = Touch(key, now);
  bytes_ -= BytesOf(group);
  group.window.Add(MakeEntry(fact, match, now));
  bytes_ += BytesOf(group);
  const bool holds = rule_->type == Type::kEvent || group.window.Holds(now, rule_->timespan);
  if (group.episode) {
    Continue(group, holds, sink);
  } else if (holds) {
    Open(key, group, fact, match, sink);
  }
  EnforceBudget(key, fact.key, now, sink);
}

void RuleState::Open(const Hash128& key, GroupState& group, const Fact& fact,
                     const FactMatch& match, RevisionSink& sink) {
  auto open = std::make_unique<OpenEpisode>(
      OpenEpisode{.episode = Episode(*rule_, fact, match, group.window), .group = key});
  Episode& episode = open->episode;
  group.episode = episode.id();
  by_expiry_.erase({ExpiryOf(group), key});
  bytes_ += episode.bytes();
  ++OpenAlerts(episode);
  SetTimer(episode, kEndOfTime);
  if (context_.observer != nullptr) {
    for (const WindowEntry& entry : group.window.entries()) {
      context_.observer->OnEpisodeEvent(ToHex(episode.id()), entry.key);
    }
  }
  sink.OnRevision(episode.Revise(AlertState::kOpened, Exact(episode)));
  const Hash128 id = episode.id();
  episodes_.emplace(id, Freezable<OpenEpisode>(std::move(open), *context_.freezer));
}

void RuleState::Continue(const GroupState& group, bool holds, RevisionSink& sink) {
  const WindowEntry& entry = group.window.entries().back();
  Episode& episode = episodes_.at(*group.episode).Mutable(*context_.freezer).episode;
  bytes_ -= episode.bytes();
  --OpenAlerts(episode);
  const bool escalated = episode.Add(entry);
  ++OpenAlerts(episode);
  bytes_ += episode.bytes();
  if (holds) {
    const Micros old_time = episode.close_at();
    episode.Extend(group.last_seen);
    SetTimer(episode, old_time);
  }
  if (context_.observer != nullptr) {
    context_.observer->OnEpisodeEvent(ToHex(episode.id()), entry.key);
  }
  if (escalated) {
    sink.OnRevision(episode.Revise(AlertState::kEscalated, Exact(episode)));
  }
}

void RuleState::SetTimer(const Episode& episode, Micros old_time) {
  if (old_time != episode.close_at()) {
    Reposition(context_.timers, {.time = old_time, .alert_id = episode.id(), .rule = index_},
               {.time = episode.close_at(), .alert_id = episode.id(), .rule = index_});
  }
}

Alert RuleState::EndEpisode(const Hash128& alert_id) {
  const auto entry = episodes_.find(alert_id);
  const Episode& episode = entry->second->episode;
  const Hash128 key = entry->second->group;
  const auto group = groups_.find(key);
  if (group != groups_.end() && group->second->episode == alert_id) {
    group->second.Mutable(*context_.freezer).episode.reset();
    by_expiry_.emplace(ExpiryOf(*group->second), key);
    bytes_ -= episode.bytes();
  } else {
    waiting_.erase(alert_id);
    waiting_bytes_ -= episode.bytes();
  }
  Alert last = episode.Closed(Exact(episode));
  --OpenAlerts(episode);
  entry->second.Retire(*context_.freezer);
  episodes_.erase(entry);
  return last;
}

void RuleState::Close(const Hash128& alert_id, RevisionSink& sink) {
  sink.OnRevision(EndEpisode(alert_id));
}

void RuleState::CloseWithRule(const Hash128& alert_id, Micros now, RevisionSink& sink) {
  Alert last = EndEpisode(alert_id);
  last.closed = now;
  last.close_reason = CloseReason::kRuleChanged;
  sink.OnRevision(last);
}

void RuleState::ExpireBefore(Micros now) {
  if (now > kBeginningOfTime) {
    Expire(now - 1);
  }
}

void RuleState::Expire(Micros limit) {
  while (!by_expiry_.empty() && by_expiry_.begin()->first <= limit) {
    Drop(by_expiry_.begin()->second);
  }
}

void RuleState::Drop(const Hash128& key) {
  const auto entry = groups_.find(key);
  const GroupState& group = *entry->second;
  by_last_seen_.erase({group.last_seen, key});
  by_expiry_.erase({ExpiryOf(group), key});
  bytes_ -= BytesOf(group);
  entry->second.Retire(*context_.freezer);
  groups_.erase(entry);
}

void RuleState::EnforceBudget(const std::optional<Hash128>& current, const Hash128& cause,
                              Micros now, RevisionSink& sink) {
  if (bytes_ > budget_) {
    Expire(now);
  }
  while (bytes_ > budget_) {
    auto victim = by_last_seen_.begin();
    if (victim != by_last_seen_.end() && victim->second == current) {
      ++victim;
    }
    if (victim == by_last_seen_.end()) {
      break;  // one group alone is bounded by its threshold and the bounds of its episode
    }
    Evict(Hash128(victim->second), now);
    if (context_.observer != nullptr) {
      context_.observer->OnEviction(index_, cause);
    }
  }
  CloseWaiting(sink);
}

void RuleState::Shrink(Micros now, RevisionSink& sink) {
  EnforceBudget(std::nullopt, Hash128{}, now, sink);
}

void RuleState::Rebind(const rules::AlertRule& rule, std::uint32_t index, std::uint64_t budget) {
  rule_ = &rule;
  index_ = index;
  waiting_budget_ = budget / 8;
  budget_ = budget - waiting_budget_;
  for (auto& [id, open] : episodes_) {
    Episode& episode = open.Mutable(*context_.freezer).episode;
    episode.Rebind(rule);
    SetTimer(episode, kEndOfTime);
  }
}

std::uint64_t& RuleState::OpenAlerts(const Episode& episode) {
  return open_alerts_.at(static_cast<std::size_t>(episode.level()));
}

void RuleState::ReadGauges(DetectorGauges::Rule& gauges) const {
  gauges = {.groups = groups_.size(),
            .open_alerts = open_alerts_,
            .bytes = bytes(),
            .evictions = evictions_};
}

void RuleState::Evict(const Hash128& key, Micros now) {
  const GroupState& group = *groups_.at(key);
  if (group.episode) {
    Episode& episode = episodes_.at(*group.episode).Mutable(*context_.freezer).episode;
    bytes_ -= episode.bytes();
    waiting_bytes_ += episode.bytes();
    waiting_.insert(episode.id());
    const Micros old_time = episode.close_at();
    episode.Evict(now);
    SetTimer(episode, old_time);
  }
  Drop(key);
  ++evictions_;
  NoteLoss(now);
}

void RuleState::CloseWaiting(RevisionSink& sink) {
  while (waiting_bytes_ > waiting_budget_) {
    const Hash128 id = *waiting_.begin();
    const Episode& episode = episodes_.at(id)->episode;
    context_.timers.erase({.time = episode.close_at(), .alert_id = id, .rule = index_});
    Close(id, sink);
  }
}

}  // namespace hark::detect
