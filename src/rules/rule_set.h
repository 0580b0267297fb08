#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hark/alert.h"
#include "hark/event.h"

#include "rules/fields.h"
#include "rules/known_components.h"
#include "rules/value_matcher.h"

namespace hark::rules {

using FieldIndex = std::uint32_t;
using PredicateIndex = std::uint32_t;

// One test of one field: some (or all) of the values match. Interned: two rules that test the
// same share one predicate, so that it is evaluated once per event.
struct Predicate {
  FieldIndex field = 0;
  bool all = false;  // every matcher must match (|all) instead of any
  std::vector<ValueMatcher> matchers;
  std::optional<bool> exists;  // `|exists`: the matchers are then empty
};

// A boolean program: nodes[0] is the root. Children of kAnd and kOr are stored together.
struct ProgramNode {
  enum class Kind : std::uint8_t { kTrue, kFalse, kAnd, kOr, kNot, kPredicate };
  Kind kind = Kind::kFalse;
  PredicateIndex predicate = 0;         // kPredicate
  std::vector<std::uint32_t> children;  // kAnd, kOr, kNot: indexes of nodes
};
using Program = std::vector<ProgramNode>;

// A rule that looks at one event. `feeds` are the alerting rules it gives matches to: itself, if
// it raises alerts of its own, and the correlations that name it.
struct EventRule {
  std::string id, name, title;
  Program program;
  std::vector<FieldIndex> shown_fields;  // fields of its selections, in order, for `matched`
  std::vector<std::uint32_t> feeds;
};

// `hark: {downgrade: {FIELD: VALUE, level: LEVEL}}`: the alert has this level where the predicate
// holds for its events.
struct Downgrade {
  PredicateIndex predicate = 0;
  Severity level = Severity::kLow;
};

// A rule that raises alerts.
struct AlertRule {
  enum class Type : std::uint8_t { kEvent, kEventCount, kValueCount };
  RuleInfo info;
  Type type = Type::kEvent;
  Severity level = Severity::kMedium;
  std::optional<Downgrade> downgrade;
  std::vector<FieldIndex> group_by;   // without the cluster, which is always the first key
  std::optional<FieldIndex> counted;  // kValueCount
  std::uint64_t threshold = 1;        // the condition holds at this many or more
  Micros timespan = 0;                // 0 for kEvent
  Micros keep_alive = 0;
  Micros max_duration = 24LL * 3600 * 1'000'000;
  std::uint32_t rank = 0;  // topological: 0 for kEvent, 1 + that of what feeds it
};

// "An event can only match rule r if field f holds one of these values": the index by which a
// few candidate rules are found among many. `values` are lower case.
struct RequiredValues {
  FieldIndex field = 0;
  std::vector<std::string> values;  // sorted
};

// Everything that matching and detection need to know of the rules, compiled. Immutable, and
// therefore safe to share between threads.
class RuleSet {
 public:
  std::vector<Field> fields;
  std::vector<Predicate> predicates;
  std::vector<EventRule> event_rules;                   // sorted by id
  std::vector<std::optional<RequiredValues>> required;  // one per event rule
  std::vector<AlertRule> alert_rules;                   // sorted by (rank, id)
  KnownComponents known_components;
  // What is read of every event to tell whether a rule can match it at all: what `required` looks
  // at, what costs little, and of rules that require nothing all that they look at. One that some
  // rule can match is read whole.
  EventParts index_parts = 0;
  std::string version;  // hash over the versions of all rules: names the set

  // Can the field be read from an event that was parsed only as far as index_parts?
  bool IsIndexed(const Field& field) const;

  // The longest time that an event can matter to a rule: max over windows and keep-alives.
  Micros LongestWindow() const;
};

// The compiled form as text, for tests and for `hark rules show`.
std::string Print(const RuleSet& rules);
std::string Print(const RuleSet& rules, const EventRule& rule);

}  // namespace hark::rules
