#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "hark/fact.h"

#include "base/codec.h"

namespace hark::detect {

// What a window keeps of an event: enough to describe it in an alert that opens later.
struct WindowEntry {
  Micros seen = 0;  // when it was judged: its own time, or the watermark if it came late
  Micros time = 0;  // its own time
  Hash128 key{};
  Stage stage = Stage::kResponseComplete;
  bool late = false;
  bool downgraded = false;
  std::string audit_id;
  std::string resource, namespace_name, name;  // the object; the name is empty for a list
  std::string value;                           // what value_count counts

  // What it counts for in the state budget.
  std::uint64_t bytes() const;
  void Save(ByteWriter& writer) const;
  static WindowEntry Read(ByteReader& reader);
  friend bool operator==(const WindowEntry&, const WindowEntry&) = default;
};

WindowEntry MakeEntry(const Fact& fact, const FactMatch& match, Micros seen);

// The entries that decide whether "at least N in the last T" holds: the last N events, or the N
// most recently seen distinct values, each with its latest event. Nothing older can matter, so
// this is exact for a sliding window (t - T, t] in N entries, whatever T is. Entries are given in
// the order of `seen`.
//
// Example: N = 3, T = 5 min, distinct values a at 0:00, b at 1:00, a at 2:00, c at 3:00. Kept are
// b 1:00, a 2:00, c 3:00; the condition holds, and would until b is 5 min old.
// Not thread-safe.
class Window {
 public:
  enum class Kind : std::uint8_t { kEvents, kDistinctValues };

  // REQUIRES: limit > 0.
  Window(Kind kind, std::uint64_t limit) : kind_(kind), limit_(limit) {}

  void Add(WindowEntry entry);

  // Are there `limit` entries in (now - timespan, now]?
  bool Holds(Micros now, Micros timespan) const {
    return entries_.size() == limit_ && entries_.front().seen > now - timespan;
  }

  // Oldest first.
  const std::deque<WindowEntry>& entries() const { return entries_; }
  std::uint64_t bytes() const { return bytes_; }

  void Save(ByteWriter& writer) const;
  void Restore(ByteReader& reader);

 private:
  Kind kind_;
  std::uint64_t limit_;
  std::deque<WindowEntry> entries_;
  std::uint64_t bytes_ = 0;
};

}  // namespace hark::detect
