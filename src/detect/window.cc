#include "detect/window.h"

#include <algorithm>
#include <utility>

#include "detect/logical_size.h"
#include "detect/snapshot_time.h"

namespace hark::detect {

std::uint64_t WindowEntry::bytes() const {
  // With its share of a node of the deque, which holds two.
  std::uint64_t bytes = 264;
  for (const std::string* text : {&audit_id, &resource, &namespace_name, &name, &value}) {
    bytes += HeapBytesOf(*text);
  }
  return bytes;
}

void WindowEntry::Save(ByteWriter& writer) const {
  writer.Signed(seen);
  writer.Signed(time);
  writer.Hash(key);
  writer.Unsigned(static_cast<std::uint64_t>(stage));
  writer.Bool(late);
  writer.Bool(downgraded);
  for (const std::string* text : {&audit_id, &resource, &namespace_name, &name, &value}) {
    writer.Text(*text);
  }
}

WindowEntry WindowEntry::Read(ByteReader& reader) {
  WindowEntry entry;
  entry.seen = ReadEventTime(reader);
  entry.time = ReadEventTime(reader);
  entry.key = reader.Hash();
  entry.stage = static_cast<Stage>(reader.Unsigned() & 3);
  entry.late = reader.Bool();
  entry.downgraded = reader.Bool();
  for (std::string* text :
       {&entry.audit_id, &entry.resource, &entry.namespace_name, &entry.name, &entry.value}) {
    *text = reader.Text();
  }
  return entry;
}

WindowEntry MakeEntry(const Fact& fact, const FactMatch& match, Micros seen) {
  WindowEntry entry;
  entry.seen = seen;
  entry.time = fact.time;
  entry.key = fact.key;
  entry.stage = fact.stage;
  entry.late = seen != fact.time;
  entry.downgraded = match.downgraded;
  entry.audit_id = fact.evidence.audit_id;
  // An exec and an attach are of the same pod.
  entry.resource = fact.evidence.resource.substr(0, fact.evidence.resource.find('/'));
  entry.namespace_name = fact.evidence.namespace_name;
  entry.name = fact.evidence.name;
  entry.value = match.counted.value_or("");
  return entry;
}

void Window::Add(WindowEntry entry) {
  auto displaced = entries_.end();
  if (kind_ == Kind::kDistinctValues) {
    // Values that come again are mostly recent ones.
    const auto same = std::find_if(entries_.rbegin(), entries_.rend(),
                                   [&](const auto& kept) { return kept.value == entry.value; });
    displaced = same == entries_.rend() ? entries_.end() : std::prev(same.base());
  }
  if (displaced == entries_.end() && entries_.size() == limit_) {
    displaced = entries_.begin();
  }
  if (displaced != entries_.end()) {
    bytes_ -= displaced->bytes();
    entries_.erase(displaced);
  }
  bytes_ += entry.bytes();
  entries_.push_back(std::move(entry));
}

void Window::Save(ByteWriter& writer) const {
  writer.Unsigned(entries_.size());
  for (const WindowEntry& entry : entries_) {
    entry.Save(writer);
  }
}

void Window::Restore(ByteReader& reader) {
  entries_.clear();
  bytes_ = 0;
  for (std::size_t left = reader.Count(26); left > 0 && reader.ok(); --left) {
    entries_.push_back(WindowEntry::Read(reader));
    bytes_ += entries_.back().bytes();
  }
  if (entries_.size() > limit_) {
    reader.Fail();
  }
}

}  // namespace hark::detect
