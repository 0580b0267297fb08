#include "detect/frozen_rule.h"

#include <algorithm>

namespace hark::detect {
namespace {

using Type = rules::AlertRule::Type;

Window::Kind WindowKind(const rules::AlertRule& rule) {
  return rule.type == Type::kValueCount ? Window::Kind::kDistinctValues : Window::Kind::kEvents;
}

template <typename T>
std::vector<std::pair<Hash128, const T*>> ByKey(std::vector<std::pair<Hash128, const T*>> values) {
  std::sort(values.begin(), values.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  return values;
}

void SaveGroup(const Hash128& key, const GroupState& group, ByteWriter& writer) {
  writer.Hash(key);
  writer.Signed(group.last_seen);
  writer.Bool(group.episode.has_value());
  if (group.episode) {
    writer.Hash(*group.episode);
  }
  group.window.Save(writer);
}

}  // namespace

GroupState::GroupState(const rules::AlertRule& rule)
    : window(WindowKind(rule), std::max<std::uint64_t>(rule.threshold, 1)) {}

void FrozenRule::Save(SectionStream& stream) const {
  stream.Next().Unsigned(evictions_);
  stream.Next().Signed(last_loss_);
  stream.Next().Unsigned(groups_.size());
  for (const auto& [key, group] : ByKey(groups_)) {
    SaveGroup(key, *group, stream.Next());
  }
  stream.Next().Unsigned(episodes_.size());
  for (const auto& [id, open] : ByKey(episodes_)) {
    stream.Next().Hash(open->group);
    open->episode.Save(stream.Next());
  }
}

}  // namespace hark::detect
