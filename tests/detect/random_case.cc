#include "detect/random_case.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"

#include "support/collecting_sink.h"
#include "support/fact_builder.h"

namespace hark::testing {
namespace {

using Type = rules::AlertRule::Type;

// One delivery of a fact: it is read when `arrival` comes, in this order.
struct Delivery {
  Micros arrival = 0;
  Fact fact;
};

// What of an event decides which rules match it and what they see.
struct Traits {
  std::vector<GroupValue> keys;  // possible group-by values
  GroupValue value;
  std::vector<std::uint32_t> event_rules;
  bool downgraded = false;
};

void AddMatches(const std::vector<RuleSpec>& rules, const Traits& traits, FactBuilder& builder) {
  for (const std::uint32_t event_rule : traits.event_rules) {
    for (std::uint32_t i = 0; i < rules.size(); ++i) {
      const RuleSpec& rule = rules[i];
      if (std::count(rule.fed_by.begin(), rule.fed_by.end(), event_rule) == 0) {
        continue;
      }
      const auto keys = static_cast<std::ptrdiff_t>(rule.group_by);
      builder.Matching({.alert_rule = i,
                        .event_rule = event_rule,
                        .group = {traits.keys.begin(), traits.keys.begin() + keys},
                        .counted = rule.type == Type::kValueCount ? traits.value : std::nullopt,
                        .downgraded = rule.downgrade.has_value() && traits.downgraded,
                        .matched = {{.field = "verb", .value = "get"}}});
    }
  }
}

Traits RandomTraits(Random& random) {
  static const std::vector<GroupValue> kActors = {"alice", "alice", "bob", std::nullopt};
  static const std::vector<GroupValue> kAddresses = {"192.0.2.1", "", std::nullopt};
  static const std::vector<GroupValue> kValues = {"a", "b", "c", "d", "e", "f", "", std::nullopt};
  Traits traits;
  traits.keys = {random.Pick(kActors), random.Pick(kAddresses)};
  traits.value = random.Pick(kValues);
  for (std::uint32_t rule = 0; rule < 3; ++rule) {
    if (!random.OneIn(3)) {
      traits.event_rules.push_back(rule);
    }
  }
  traits.downgraded = random.OneIn(2);
  return traits;
}

void AddObject(Random& random, FactBuilder& builder) {
  static const std::vector<std::string> kNamespaces = {"", "n1", "n2", "n3", "n4"};
  static const std::vector<std::string> kNames = {"", "x", "y", "z"};
  builder.On(random.Pick(kNamespaces), random.Pick(kNames));
}

// The stages of one request, usually one.
void AddRequest(Random& random, const std::vector<RuleSpec>& rules, Micros unit,
                std::vector<Fact>& facts) {
  const auto steps = static_cast<Micros>(10 + random.Below(30));
  // Few audit IDs, and fewer requests than events: what names an event is more than its audit ID.
  const std::string audit_id = absl::StrFormat("id%d", facts.size() - random.Below(2) % 2);
  const Micros received = kStart + random.TimeBelow(steps) * unit;
  const Micros started = received + (random.OneIn(3) ? random.TimeBelow(3) * unit : 0);
  FactBuilder builder(audit_id, started);
  builder.ReceivedAt(received).InCluster(random.OneIn(6) ? "other" : "c");
  AddObject(random, builder);
  if (random.OneIn(3)) {
    builder.LongRunning();
  }
  FactBuilder first = builder;
  const bool is_pair = random.OneIn(3);
  first.InStage(is_pair || random.OneIn(4) ? Stage::kResponseStarted : Stage::kResponseComplete);
  Traits traits = RandomTraits(random);
  AddMatches(rules, traits, first);
  facts.push_back(first.Build());
  if (is_pair) {
    Fact last = first.Build();
    FactBuilder second(audit_id, started + random.TimeBelow(20) * unit);
    second.ReceivedAt(received).InCluster(last.cluster);
    second.On(last.evidence.namespace_name, last.evidence.name);
    second.InStage(random.OneIn(4) ? Stage::kPanic : Stage::kResponseComplete);
    if (last.long_running) {
      second.LongRunning();
    }
    if (random.OneIn(3)) {
      traits.event_rules = RandomTraits(random).event_rules;
    }
    AddMatches(rules, traits, second);
    facts.push_back(second.Build());
  }
}

// When a fact arrives after its time: mostly within the lateness, sometimes too late.
Micros RandomDelay(Random& random, Micros lateness, Micros unit) {
  switch (random.Below(8)) {
    case 0:
      return lateness + random.TimeBelow(5 * unit + 1);
    case 1:
      return lateness + 10 * kMinute + random.TimeBelow(3 * unit + 1) - unit;
    case 2:
    case 3:
      return random.TimeBelow(lateness + 1);
    default:
      return 0;
  }
}

std::vector<Delivery> RandomDeliveries(Random& random, const std::vector<Fact>& facts,
                                       Micros lateness, Micros unit) {
  std::vector<Delivery> deliveries;
  for (const Fact& fact : facts) {
    const std::uint64_t copies = random.OneIn(4) ? 1 + random.Below(3) : 1;
    for (std::uint64_t i = 0; i < copies; ++i) {
      deliveries.push_back(
          {.arrival = fact.time + RandomDelay(random, lateness, unit),
           .fact = random.OneIn(2) && copies > 1 ? UnequalCopy(random, fact) : fact});
    }
  }
  std::stable_sort(deliveries.begin(), deliveries.end(),
                   [](const auto& a, const auto& b) { return a.arrival < b.arrival; });
  return deliveries;
}

std::string SourceName(std::uint64_t index) {
  return absl::StrFormat("source%d", index);
}

FactRecord Marker(FactRecord::Kind kind, std::string source) {
  FactRecord record;
  record.kind = kind;
  record.source = std::move(source);
  return record;
}

void AddFact(const Fact& fact, FactRecord& record) {
  record.highest_time = std::max(record.highest_time, fact.time);
  record.facts.push_back(fact);
  ++record.events;
}

// The deliveries as records of some sources, with everything between them that a log may hold.
std::vector<FactRecord> RandomRecords(Random& random, const std::vector<Delivery>& deliveries,
                                      Micros lateness, Micros unit) {
  const std::uint64_t sources = 1 + random.Below(3);
  std::vector<FactRecord> records;
  for (std::uint64_t i = 0; i < sources; ++i) {
    FactRecord declare = Marker(FactRecord::Kind::kDeclare, SourceName(i));
    declare.lateness = lateness;
    if (!random.OneIn(8)) {
      records.push_back(std::move(declare));
    }
  }
  Micros highest = kStart;
  for (std::size_t i = 0; i < deliveries.size();) {
    FactRecord record = Marker(FactRecord::Kind::kBatch, SourceName(random.Below(sources)));
    const std::uint64_t size = random.OneIn(8) ? 0 : 1 + random.Below(random.OneIn(2) ? 2 : 12);
    for (std::uint64_t left = size; left > 0 && i < deliveries.size(); --left, ++i) {
      AddFact(deliveries[i].fact, record);
    }
    if (random.OneIn(6)) {
      record.highest_time = std::max(record.highest_time, highest + random.TimeBelow(3) * unit);
    }
    highest = std::max(highest, record.highest_time);
    records.push_back(std::move(record));
    if (random.OneIn(8)) {
      records.push_back(Marker(FactRecord::Kind::kIdle, SourceName(random.Below(sources))));
      records.back().highest_time = highest;
    }
    if (random.OneIn(25)) {
      records.push_back(Marker(FactRecord::Kind::kEnd, SourceName(random.Below(sources))));
    }
  }
  return records;
}

std::string InSeconds(Micros time) {
  return absl::StrFormat("%+.6fs", static_cast<double>(time - kStart) / kSecond);
}

std::string DescribeGroup(const std::vector<GroupValue>& group) {
  std::string text;
  for (const GroupValue& value : group) {
    text += absl::StrFormat("%s%s", text.empty() ? "" : ",", value.value_or("(null)"));
  }
  return text;
}

std::string DescribeFact(const Fact& fact) {
  std::string text = absl::StrFormat(
      "    %s %s %s (received %s)%s %s/%s/%s level %d length %d reason '%s'\n",
      fact.evidence.audit_id, std::string(StageName(fact.stage)), InSeconds(fact.time),
      InSeconds(fact.received_time), fact.long_running ? " long-running" : "", fact.cluster,
      fact.evidence.namespace_name, fact.evidence.name, static_cast<int>(fact.level),
      fact.raw_length, fact.evidence.reason);
  for (const FactMatch& match : fact.matches) {
    text +=
        absl::StrFormat("      event rule %d -> rule %d, group %s, value %s%s\n", match.event_rule,
                        match.alert_rule, DescribeGroup(match.group),
                        match.counted.value_or("(null)"), match.downgraded ? ", downgraded" : "");
  }
  return text;
}

}  // namespace

std::vector<RuleSpec> RandomRules(Random& random, Micros unit) {
  std::vector<RuleSpec> rules;
  const std::uint64_t count = 1 + random.Below(3);
  for (std::uint64_t i = 0; i < count; ++i) {
    RuleSpec rule;
    rule.type = static_cast<Type>(random.Below(3));
    const bool is_event = rule.type == Type::kEvent;
    rule.threshold = is_event ? 1 : 1 + random.Below(5);
    rule.timespan = is_event ? 0 : static_cast<Micros>(1 + random.Below(8)) * unit;
    rule.keep_alive = random.TimeBelow(12) * unit;
    rule.max_duration =
        random.OneIn(3) ? static_cast<Micros>(1 + random.Below(12)) * unit : 24 * kHour;
    rule.group_by = random.Below(3);
    if (random.OneIn(2)) {
      rule.downgrade = Severity::kLow;
    }
    rule.fed_by = {static_cast<std::uint32_t>(random.Below(3))};
    if (random.OneIn(2)) {
      rule.fed_by = {0, 1, 2};
    }
    rules.push_back(std::move(rule));
  }
  std::stable_partition(rules.begin(), rules.end(),
                        [](const RuleSpec& rule) { return rule.type == Type::kEvent; });
  return rules;
}

std::vector<Fact> RandomFacts(Random& random, const std::vector<RuleSpec>& rules, Micros unit) {
  const std::uint64_t requests = 1 + random.Below(25);
  std::vector<Fact> facts;
  for (std::uint64_t i = 0; i < requests; ++i) {
    AddRequest(random, rules, unit, facts);
  }
  std::stable_sort(facts.begin(), facts.end(),
                   [](const Fact& a, const Fact& b) { return a.time < b.time; });
  return facts;
}

Fact UnequalCopy(Random& random, const Fact& fact) {
  Fact copy = fact;
  switch (random.Below(3)) {
    case 0:
      copy.level = random.OneIn(2) ? Level::kRequest : Level::kNone;
      break;
    case 1:
      copy.raw_length = random.OneIn(2) ? 2'000 : 500;
      break;
    default:
      copy.evidence.reason = random.OneIn(2) ? "x" : "y";
      break;
  }
  if (random.OneIn(3) && !copy.matches.empty()) {
    copy.matches.pop_back();  // a truncated copy matches fewer rules
  }
  return copy;
}

Case RandomCase(std::uint64_t seed) {
  static const std::vector<Micros> kUnits = {1, kSecond, kSecond, kMinute, 10 * kMinute};
  Random random(seed);
  const Micros unit = random.Pick(kUnits);
  const Micros lateness = random.TimeBelow(4) * unit;
  Case made;
  made.seed = seed;
  made.rules = RandomRules(random, unit);
  const std::vector<Fact> facts = RandomFacts(random, made.rules, unit);
  made.records =
      RandomRecords(random, RandomDeliveries(random, facts, lateness, unit), lateness, unit);
  return made;
}

Case RandomCaseUnderPressure(std::uint64_t seed) {
  constexpr Micros kUnit = 20 * kMinute;
  constexpr Micros kGrid = 4 * kMinute;  // of the events
  Random random(seed);
  Case made;
  made.seed = seed;
  made.max_state_bytes = 24'000 + random.Below(60'000);
  while (made.rules.size() < 2) {
    made.rules = RandomRules(random, kUnit);
  }
  made.rules.resize(2);
  for (RuleSpec& rule : made.rules) {
    rule.group_by = 1;
  }
  const Micros lateness = random.OneIn(2) ? 0 : random.TimeBelow(15) * kUnit;
  const std::uint64_t events = 10 + random.Below(60);
  std::vector<Fact> facts;
  for (std::uint64_t i = 0; i < events; ++i) {
    // So far apart that copies and pairs, which have a share of their own, take little memory.
    const Micros steps = random.TimeBelow(3 * static_cast<Micros>(events));
    const bool is_near = i > 0 && random.OneIn(2);
    const Micros time =
        is_near ? facts.back().time + random.TimeBelow(3) * kMinute : kStart + steps * kGrid;
    Traits traits = RandomTraits(random);
    traits.keys = {absl::StrFormat("actor%d", random.Below(10))};
    FactBuilder builder(absl::StrFormat("id%d", i), time);
    AddObject(random, builder);
    AddMatches(made.rules, traits, builder);
    facts.push_back(builder.Build());
  }
  made.records =
      RandomRecords(random, RandomDeliveries(random, facts, lateness, kGrid), lateness, kGrid);
  return made;
}

std::vector<Alert> Replay(Detector& engine, const std::vector<FactRecord>& records) {
  CollectingSink sink;
  for (const FactRecord& record : records) {
    engine.Apply(record, sink);
  }
  engine.Finish(sink);
  return std::move(sink.revisions);
}

Case Shrink(Case failing, const std::function<bool(const Case&)>& fails) {
  const auto try_without = [&](auto& list, std::size_t i) {
    auto removed = std::move(list[i]);
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
    if (!fails(failing)) {
      list.insert(list.begin() + static_cast<std::ptrdiff_t>(i), std::move(removed));
    }
  };
  for (std::size_t i = failing.records.size(); i > 0; --i) {
    try_without(failing.records, i - 1);
  }
  for (FactRecord& record : failing.records) {
    for (std::size_t i = record.facts.size(); i > 0; --i) {
      try_without(record.facts, i - 1);
    }
  }
  return failing;
}

std::string Describe(const Case& described) {
  static constexpr const char* kKinds[] = {"declare", "batch", "idle", "end"};
  std::string text =
      absl::StrFormat("seed %d, budget %d bytes\n", described.seed, described.max_state_bytes);
  for (std::size_t i = 0; i < described.rules.size(); ++i) {
    const RuleSpec& rule = described.rules[i];
    text +=
        absl::StrFormat("  rule %d: %s >= %d in %ds, keep alive %ds, at most %ds, grouped by %d\n",
                        i, WindowTypeName(rule.type), rule.threshold, rule.timespan / kSecond,
                        rule.keep_alive / kSecond, rule.max_duration / kSecond, rule.group_by);
  }
  for (const FactRecord& record : described.records) {
    text += absl::StrFormat(
        "  %s %s lateness %.6fs%s\n", kKinds[static_cast<std::size_t>(record.kind)], record.source,
        static_cast<double>(record.lateness) / kSecond,
        record.highest_time == kBeginningOfTime ? ""
                                                : " highest " + InSeconds(record.highest_time));
    for (const Fact& fact : record.facts) {
      text += DescribeFact(fact);
    }
  }
  return text;
}

std::string Difference(const std::vector<std::string>& actual,
                       const std::vector<std::string>& expected) {
  for (std::size_t i = 0; i < std::max(actual.size(), expected.size()); ++i) {
    const std::string got = i < actual.size() ? actual[i] : "(nothing)";
    const std::string want = i < expected.size() ? expected[i] : "(nothing)";
    if (got != want) {
      return absl::StrFormat("revision %d of %d, expected %d:\n  actual:   %s\n  expected: %s\n", i,
                             actual.size(), expected.size(), got, want);
    }
  }
  return "";
}

}  // namespace hark::testing
