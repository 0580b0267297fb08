#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"

#include "hark/alert.h"
#include "hark/fact.h"

#include "base/codec.h"
#include "base/hash128.h"
#include "detect/window.h"
#include "rules/rule_set.h"

namespace hark::detect {

// How many members a set of an open episode holds before the alert stops being exact.
constexpr std::size_t kMostMembers = 10'000;
constexpr std::size_t kMostNamespaces = 1'000;
constexpr std::size_t kMostNames = 100;
constexpr std::size_t kMostAuditIds = 100;  // or the opening window, if that is larger

// A set of values by their hashes that stops growing at a bound.
class BoundedValueSet {
 public:
  // Returns true if the value is new. Past the bound nothing is, and overflowed() holds.
  bool Insert(const Hash128& value);
  bool overflowed() const { return overflowed_; }
  std::uint64_t size() const { return values_.size(); }

  void Save(ByteWriter& writer) const;
  void Restore(ByteReader& reader);

 private:
  absl::flat_hash_set<Hash128, Hash128Hasher> values_;
  bool overflowed_ = false;
};

// One alert while it is open: from the first event at which its rule holds until nothing extended
// it for the rule's keep_alive, or it reached max_duration. Counts every matching event of the
// group meanwhile. Not thread-safe. `rule` must outlive it.
class Episode {
 public:
  // Opens at `now` with the window's entries, the last of which is the opening event's.
  Episode(const rules::AlertRule& rule, const Fact& fact, const FactMatch& match,
          const Window& window);
  // For Restore().
  explicit Episode(const rules::AlertRule& rule) : rule_(&rule) {}

  // Counts one more event. Returns true if that escalates the alert.
  bool Add(const WindowEntry& entry);
  // The rule holds at `now`: the episode lives on.
  void Extend(Micros now);
  // It ends at `now`, because its group was evicted.
  void Evict(Micros now);

  const Hash128& id() const { return id_; }
  Severity level() const { return level_; }
  const std::string& cluster() const { return cluster_; }
  Micros opened_at() const { return opened_at_; }
  Micros close_at() const { return close_at_; }
  // What it counts for in the state budget.
  std::uint64_t bytes() const;

  // The next revision, which opens or escalates. `exact`: nothing that could have counted was
  // evicted.
  Alert Revise(AlertState state, bool exact);
  // The revision after all others.
  Alert Closed(bool exact) const;
  // From here on it is of this rule, which is the same one, loaded again. `rule` must outlive it.
  void Rebind(const rules::AlertRule& rule) { rule_ = &rule; }

  void Save(ByteWriter& writer) const;
  void Restore(ByteReader& reader);

 private:
  Alert Describe(AlertState state, std::uint32_t revision, bool exact) const;
  void Count(const WindowEntry& entry);
  void CountObject(const WindowEntry& entry);
  std::uint64_t FixedBytes() const;
  Severity LevelOf(const WindowEntry& entry) const;
  bool ReachedNextStep();

  const rules::AlertRule* rule_;
  Hash128 id_{};
  std::string cluster_;
  std::vector<GroupValue> group_;
  Evidence opening_;
  std::vector<MatchedField> matched_;
  Severity level_ = Severity::kInformational;
  std::uint32_t revision_ = 0;
  Micros opened_at_ = 0, close_at_ = 0;
  Micros first_ = 0, last_ = 0;
  bool late_ = false;
  bool evicted_ = false;
  std::uint64_t count_ = 0;
  std::uint64_t audit_id_limit_ = kMostAuditIds;
  std::uint64_t opening_size_ = 0, opening_namespaces_ = 0;
  std::uint32_t size_steps_ = 0, namespace_steps_ = 0;  // doublings already told of
  BoundedValueSet values_, objects_;
  std::set<std::string> namespaces_;
  bool namespaces_overflowed_ = false;
  std::vector<std::string> names_, audit_ids_;
  absl::flat_hash_set<Hash128, Hash128Hasher> audit_id_hashes_;  // of audit_ids_
  std::map<Stage, std::uint64_t> stages_;
  std::uint64_t fixed_bytes_ = 0;  // of what does not change while it is open
  std::uint64_t text_bytes_ = 0;   // of the texts that grow
};

// The identity of an alert: hash(rule id, rule version, group, opening event's key).
Hash128 AlertId(const rules::AlertRule& rule, const Fact& fact, const FactMatch& match);

}  // namespace hark::detect
