#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hark/event.h"

namespace hark {

// The first 128 bits of a SHA-256, in the byte order of the digest.
using Hash128 = std::array<std::uint8_t, 16>;

// A value that a rule groups by; nullopt where the event does not have the field. Values over
// 256 bytes are already shortened to their first 200 bytes and a hash (base/text.h).
using GroupValue = std::optional<std::string>;

// A field that a rule tested, with what the event held there, redacted where it must be.
struct MatchedField {
  std::string field;
  std::string value;
  friend bool operator==(const MatchedField&, const MatchedField&) = default;
};

// One (matching rule, alerting rule) pair of a fact. The two are the same for a single-event
// rule; a correlation is fed by the rules that it names.
struct FactMatch {
  std::uint32_t alert_rule = 0;   // index into RuleSet::alert_rules()
  std::uint32_t event_rule = 0;   // index into RuleSet::event_rules()
  std::vector<GroupValue> group;  // one per group-by field, without the cluster
  GroupValue counted;             // value_count's field; nullopt elsewhere
  bool downgraded = false;        // the rule's `hark.downgrade` holds for this event
  std::vector<MatchedField> matched;
  friend bool operator==(const FactMatch&, const FactMatch&) = default;
};

// What an alert may show of an event. Everything in it is redacted and bounded: the texts of one
// fact together are at most 4 KiB. Absent texts are empty.
struct Evidence {
  std::string audit_id;
  std::string actor_name, actor_type, actor_known, actor_uid, actor_credential;
  std::string impersonator;  // the real user, where another one was impersonated
  std::vector<std::string> actor_groups;
  std::string source_ip;
  std::vector<std::string> source_ips;
  std::string user_agent;
  std::string verb, resource, namespace_name, name, uri, outcome, reason;
  std::int32_t code = 0;
  friend bool operator==(const Evidence&, const Evidence&) = default;
};

// One audit event that some rule matched, free of the bytes it came from.
//
// `key` names the event: (cluster, auditID, stage, requestReceivedTimestamp, stageTimestamp, user,
// verb, URI). `pair_key` names its request: the same without stage and stageTimestamp.
struct Fact {
  Hash128 key{};
  Hash128 pair_key{};
  Micros time = 0;  // stageTimestamp
  Micros received_time = 0;
  Stage stage = Stage::kResponseComplete;
  Level level = Level::kMetadata;
  bool long_running = false;  // watch, proxy, exec, ...: may write ResponseStarted and Complete
  std::uint32_t raw_length = 0;
  std::string cluster;
  Evidence evidence;
  std::vector<FactMatch> matches;
  friend bool operator==(const Fact&, const Fact&) = default;
};

// One entry of the fact log: the only thing that the stateful half ever reads.
struct FactRecord {
  enum class Kind : std::uint8_t {
    kDeclare,  // a source exists; until it has data, is idle or ends it holds the watermark, at
               // `highest_time` less the lateness bound if its first event's time is known
    kBatch,    // facts (often none) of one read of a source
    kIdle,     // the source brings nothing now; `highest_time` is how far time has come
    kEnd,      // the source will never bring anything again
    kReload,   // of no source: from here on the rule set `rules` judges
  };
  Kind kind = Kind::kBatch;
  std::string source;          // unique name of the source
  Micros lateness = 0;         // kDeclare only: the source's lateness bound
  std::uint64_t position = 0;  // bytes read of the source after this record
  std::uint64_t events = 0;    // kBatch: events read, facts or not
  // kBatch: of all its events; INT64_MIN if it has none. kDeclare: of the source's first event;
  // INT64_MIN if unknown. Sources that are declared together come in the order of this time: the
  // watermark does not go back for one that begins earlier than those before it.
  Micros highest_time = INT64_MIN;
  std::string cursor;  // what its source needs to go on after this record, as the source wrote it:
                       // a file's fingerprint and offset, an offset of Kafka; empty in a replay
  std::string rules;   // kReload only: the version of the rule set
  std::vector<Fact> facts;
  friend bool operator==(const FactRecord&, const FactRecord&) = default;
};

}  // namespace hark
