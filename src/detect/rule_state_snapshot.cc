// The state of a rule is frozen, dropped and restored.

#include <memory>
#include <utility>

#include "detect/rule_state.h"
#include "detect/snapshot_time.h"

namespace hark::detect {

FrozenRule RuleState::Freeze() const {
  FrozenRule frozen;
  frozen.evictions_ = evictions_;
  frozen.last_loss_ = last_loss_;
  frozen.groups_.reserve(groups_.size());
  for (const auto& [key, group] : groups_) {
    frozen.groups_.emplace_back(key, group.get());
  }
  frozen.episodes_.reserve(episodes_.size());
  for (const auto& [id, open] : episodes_) {
    frozen.episodes_.emplace_back(id, open.get());
  }
  return frozen;
}

void RuleState::Clear() {
  for (auto& [key, group] : groups_) {
    group.Retire(*context_.freezer);
  }
  for (auto& [id, open] : episodes_) {
    open.Retire(*context_.freezer);
  }
  groups_.clear();
  episodes_.clear();
  by_last_seen_.clear();
  by_expiry_.clear();
  waiting_.clear();
  bytes_ = 0;
  waiting_bytes_ = 0;
  open_alerts_ = {};
}

void RuleState::RestoreGroups(ByteReader& reader) {
  for (std::size_t left = reader.Count(sizeof(Hash128) + 3); left > 0 && reader.ok(); --left) {
    const Hash128 key = reader.Hash();
    Freezable<GroupState> made = MakeGroup();
    GroupState& group = made.Mutable(*context_.freezer);
    group.last_seen = ReadEventTime(reader);
    if (reader.Bool()) {
      group.episode = reader.Hash();
    }
    group.window.Restore(reader);
    if (groups_.contains(key)) {
      reader.Fail();
      return;
    }
    by_last_seen_.emplace(group.last_seen, key);
    if (!group.episode) {
      by_expiry_.emplace(ExpiryOf(group), key);
    }
    bytes_ += BytesOf(group);
    groups_.emplace(key, std::move(made));
  }
}

void RuleState::RestoreEpisodes(ByteReader& reader) {
  for (std::size_t left = reader.Count(2 * sizeof(Hash128)); left > 0 && reader.ok(); --left) {
    auto open = std::make_unique<OpenEpisode>(OpenEpisode{.episode = Episode(*rule_)});
    open->group = reader.Hash();
    open->episode.Restore(reader);
    const Hash128 id = open->episode.id();
    if (episodes_.contains(id)) {
      reader.Fail();
      return;
    }
    ++OpenAlerts(open->episode);
    SetTimer(open->episode, kEndOfTime);
    const auto group = groups_.find(open->group);
    if (group != groups_.end() && group->second->episode == id) {
      bytes_ += open->episode.bytes();
    } else {
      waiting_.insert(id);
      waiting_bytes_ += open->episode.bytes();
    }
    episodes_.emplace(id, Freezable<OpenEpisode>(std::move(open), *context_.freezer));
  }
}

void RuleState::Restore(ByteReader& reader) {
  Clear();
  evictions_ = reader.Unsigned();
  last_loss_ = ReadTimeOrBound(reader);
  RestoreGroups(reader);
  RestoreEpisodes(reader);
  for (const auto& [key, group] : groups_) {
    const auto open = group->episode ? episodes_.find(*group->episode) : episodes_.end();
    if (group->episode && (open == episodes_.end() || open->second->group != key)) {
      reader.Fail();  // Judge() and Close() rely on it
    }
  }
}

}  // namespace hark::detect
