#include "detect/rule_state.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "detect/snapshot_time.h"

namespace hark::detect {
namespace {

using Type = rules::AlertRule::Type;

template <typename Map>
std::vector<Hash128> SortedKeys(const Map& map) {
  std::vector<Hash128> keys;
  keys.reserve(map.size());
  for (const auto& entry : map) {
    keys.push_back(entry.first);
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

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

Window::Kind WindowKind(const rules::AlertRule& rule) {
  return rule.type == Type::kValueCount ? Window::Kind::kDistinctValues : Window::Kind::kEvents;
}

}  // namespace

RuleState::Group::Group(const rules::AlertRule& rule)
    : window(WindowKind(rule), std::max<std::uint64_t>(rule.threshold, 1)) {}

RuleState::RuleState(const rules::AlertRule& rule, std::uint32_t index, std::uint64_t budget,
                     RuleContext& context)
    : rule_(rule),
      index_(index),
      waiting_budget_(budget / 8),
      budget_(budget - waiting_budget_),
      context_(context) {}

std::uint64_t RuleState::BytesOf(const Group& group) const {
  // With its place in a table, in two orders, and the half of a node of its deque that is empty.
  constexpr std::uint64_t kGroupBytes = 720;
  return kGroupBytes + group.window.bytes();
}

Micros RuleState::ExpiryOf(const Group& group) const {
  return group.last_seen == kBeginningOfTime ? kBeginningOfTime : group.last_seen + rule_.timespan;
}

bool RuleState::Exact(const Episode& episode) const {
  return last_loss_ < episode.opened_at() && last_loss_ <= episode.opened_at() - rule_.timespan;
}

RuleState::Group& RuleState::Touch(const Hash128& key, Micros now) {
  const auto [entry, is_new] = groups_.try_emplace(key, rule_);
  Group& group = entry->second;
  if (is_new) {
    bytes_ += BytesOf(group);
  }
  Reposition(by_last_seen_, {group.last_seen, key}, {now, key});
  if (!group.episode) {
    Reposition(by_expiry_, {ExpiryOf(group), key}, {now + rule_.timespan, key});
  }
  group.last_seen = now;
  return group;
}

void RuleState::Judge(const Fact& fact, const FactMatch& match, Micros now, RevisionSink& sink) {
  ExpireBefore(now);
  const Hash128 key = HashParts({GroupKey(fact.cluster, match.group)});
  Group& group = Touch(key, now);
  bytes_ -= BytesOf(group);
  group.window.Add(MakeEntry(fact, match, now));
  bytes_ += BytesOf(group);
  const bool holds = rule_.type == Type::kEvent || group.window.Holds(now, rule_.timespan);
  if (group.episode) {
    Continue(group, holds, sink);
  } else if (holds) {
    Open(key, group, fact, match, sink);
  }
  EnforceBudget(key, fact, now, sink);
}

void RuleState::Open(const Hash128& key, Group& group, const Fact& fact, const FactMatch& match,
                     RevisionSink& sink) {
  auto episode = std::make_unique<Episode>(rule_, fact, match, group.window);
  group.episode = episode->id();
  by_expiry_.erase({ExpiryOf(group), key});
  bytes_ += episode->bytes();
  SetTimer(*episode, kEndOfTime);
  if (context_.observer != nullptr) {
    for (const WindowEntry& entry : group.window.entries()) {
      context_.observer->OnEpisodeEvent(ToHex(episode->id()), entry.key);
    }
  }
  sink.OnRevision(episode->Revise(AlertState::kOpened, Exact(*episode)));
  const Hash128 id = episode->id();
  episodes_[id] = {.episode = std::move(episode), .group = key};
}

void RuleState::Continue(const Group& group, bool holds, RevisionSink& sink) {
  const WindowEntry& entry = group.window.entries().back();
  Episode& episode = *episodes_.at(*group.episode).episode;
  bytes_ -= episode.bytes();
  const bool escalated = episode.Add(entry);
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

void RuleState::Close(const Hash128& alert_id, RevisionSink& sink) {
  const auto entry = episodes_.find(alert_id);
  Episode& episode = *entry->second.episode;
  const Hash128 key = entry->second.group;
  const auto group = groups_.find(key);
  if (group != groups_.end() && group->second.episode == alert_id) {
    group->second.episode.reset();
    by_expiry_.emplace(ExpiryOf(group->second), key);
    bytes_ -= episode.bytes();
  } else {
    waiting_.erase(alert_id);
    waiting_bytes_ -= episode.bytes();
  }
  sink.OnRevision(episode.Revise(AlertState::kClosed, Exact(episode)));
  episodes_.erase(entry);
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
  const Group& group = entry->second;
  by_last_seen_.erase({group.last_seen, key});
  by_expiry_.erase({ExpiryOf(group), key});
  bytes_ -= BytesOf(group);
  groups_.erase(entry);
}

void RuleState::EnforceBudget(const Hash128& current, const Fact& fact, Micros now,
                              RevisionSink& sink) {
  if (bytes_ <= budget_) {
    return;
  }
  Expire(now);
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
      context_.observer->OnEviction(index_, fact.key);
    }
  }
  CloseWaiting(sink);
}

void RuleState::Evict(const Hash128& key, Micros now) {
  const Group& group = groups_.at(key);
  if (group.episode) {
    Episode& episode = *episodes_.at(*group.episode).episode;
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
    const Episode& episode = *episodes_.at(id).episode;
    context_.timers.erase({.time = episode.close_at(), .alert_id = id, .rule = index_});
    Close(id, sink);
  }
}

void RuleState::Save(ByteWriter& writer) const {
  writer.Unsigned(evictions_);
  writer.Signed(last_loss_);
  writer.Unsigned(groups_.size());
  for (const Hash128& key : SortedKeys(groups_)) {
    const Group& group = groups_.at(key);
    writer.Hash(key);
    writer.Signed(group.last_seen);
    writer.Bool(group.episode.has_value());
    if (group.episode) {
      writer.Hash(*group.episode);
    }
    group.window.Save(writer);
  }
  writer.Unsigned(episodes_.size());
  for (const Hash128& id : SortedKeys(episodes_)) {
    const OpenEpisode& open = episodes_.at(id);
    writer.Hash(open.group);
    open.episode->Save(writer);
  }
}

void RuleState::RestoreGroups(ByteReader& reader) {
  for (std::size_t left = reader.Count(sizeof(Hash128) + 3); left > 0 && reader.ok(); --left) {
    const Hash128 key = reader.Hash();
    Group group(rule_);
    group.last_seen = ReadEventTime(reader);
    if (reader.Bool()) {
      group.episode = reader.Hash();
    }
    group.window.Restore(reader);
    by_last_seen_.emplace(group.last_seen, key);
    if (!group.episode) {
      by_expiry_.emplace(ExpiryOf(group), key);
    }
    bytes_ += BytesOf(group);
    if (!groups_.emplace(key, std::move(group)).second) {
      reader.Fail();
    }
  }
}

void RuleState::RestoreEpisodes(ByteReader& reader) {
  for (std::size_t left = reader.Count(2 * sizeof(Hash128)); left > 0 && reader.ok(); --left) {
    OpenEpisode open;
    open.group = reader.Hash();
    open.episode = std::make_unique<Episode>(rule_);
    open.episode->Restore(reader);
    const Hash128 id = open.episode->id();
    SetTimer(*open.episode, kEndOfTime);
    const auto group = groups_.find(open.group);
    if (group != groups_.end() && group->second.episode == id) {
      bytes_ += open.episode->bytes();
    } else {
      waiting_.insert(id);
      waiting_bytes_ += open.episode->bytes();
    }
    if (!episodes_.emplace(id, std::move(open)).second) {
      reader.Fail();
    }
  }
}

void RuleState::Restore(ByteReader& reader) {
  groups_.clear();
  episodes_.clear();
  by_last_seen_.clear();
  by_expiry_.clear();
  waiting_.clear();
  bytes_ = 0;
  waiting_bytes_ = 0;
  evictions_ = reader.Unsigned();
  last_loss_ = ReadTimeOrBound(reader);
  RestoreGroups(reader);
  RestoreEpisodes(reader);
  for (const auto& [key, group] : groups_) {
    const auto open = group.episode ? episodes_.find(*group.episode) : episodes_.end();
    if (group.episode && (open == episodes_.end() || open->second.group != key)) {
      reader.Fail();  // Judge() and Close() rely on it
    }
  }
}

}  // namespace hark::detect
