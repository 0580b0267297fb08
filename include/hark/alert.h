#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hark/fact.h"

namespace hark {

// Sigma's levels, lowest first.
enum class Severity : std::uint8_t { kInformational, kLow, kMedium, kHigh, kCritical };

inline constexpr std::size_t kSeverityCount = 5;

std::string_view SeverityName(Severity severity);

enum class AlertState : std::uint8_t { kOpened, kEscalated, kClosed };

std::string_view AlertStateName(AlertState state);

// Why an episode ended: nothing went on with it for long enough, or it reached a limit; or its
// rule was changed or removed.
enum class CloseReason : std::uint8_t { kOver, kRuleChanged };

// "rule changed"; empty for kOver, of which an alert says nothing.
std::string_view CloseReasonName(CloseReason reason);

// What of a rule an alert repeats. Shared by all alerts of the rule; immutable.
struct RuleInfo {
  std::string id, name, version, title, author;
  std::vector<std::string> tactics, techniques;  // from the attack.* tags: TA0006 names, T1552.007
  std::vector<std::string> references, falsepositives;
  std::string summary;      // template, `{field}` placeholders; empty: the title
  std::string window_type;  // "event", "event_count", "value_count"
  Micros timespan = 0;      // 0 for single-event rules
  std::string threshold;    // as written, for example "gte 10"; empty for single-event rules
  std::vector<std::string> group_by;  // without the cluster
};

// One revision of an alert: what is known of the episode at one moment of event time.
// (id, n) is its identity; it is a pure function of events (design: episodes and revisions).
struct Alert {
  const RuleInfo* rule = nullptr;  // outlives the alert
  std::string id;                  // 32 hex digits
  std::uint32_t n = 0;             // 1, 2, ...
  AlertState state = AlertState::kOpened;
  Severity level = Severity::kMedium;
  std::string cluster;
  Evidence opening;                   // of the event that opened it
  std::vector<MatchedField> matched;  // of the event that opened it
  std::vector<GroupValue> group;
  std::uint64_t count = 0;
  std::uint64_t total = 0;  // distinct values; 0 where the rule counts none
  std::uint64_t objects_total = 0;
  std::vector<std::string> namespaces;  // sorted
  std::vector<std::string> names;       // the first 100, as namespace/name
  std::vector<std::string> audit_ids;
  std::map<Stage, std::uint64_t> stages;  // events by stage
  Micros first = 0, last = 0;
  // Only when state is kClosed.
  Micros closed = 0;
  CloseReason close_reason = CloseReason::kOver;
  bool exact = true;
  bool late = false;
};

// Takes revisions in the order in which the stateful half makes them.
class RevisionSink {
 public:
  virtual ~RevisionSink() = default;
  // The alert is valid for the length of the call.
  virtual void OnRevision(const Alert& alert) = 0;
};

}  // namespace hark
