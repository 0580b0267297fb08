#include "match/matcher.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/hash128.h"
#include "base/string_map.h"
#include "base/text.h"
#include "match/evidence.h"
#include "match/field_reader.h"
#include "match/redact.h"

namespace hark::match {
namespace {

using rules::FieldValue;
using rules::Predicate;
using rules::PredicateIndex;
using rules::Program;
using rules::ProgramNode;
using rules::RuleSet;
using rules::ValueMatcher;

// Finds the rules that an event can match at all, by the values that they require of one field.
struct FieldIndexTable {
  rules::FieldIndex field = 0;
  StringMap<std::vector<std::uint32_t>> rules_by_value;  // keys are lower case
  std::uint64_t lengths = 0;  // of the keys, modulo 64: most values are told by it alone

  static std::uint64_t LengthBit(std::string_view text) {
    return std::uint64_t{1} << (text.size() % 64);
  }
};

enum class Verdict : std::uint8_t { kFails, kHolds, kUnknown };

Verdict Opposite(Verdict verdict) {
  return verdict == Verdict::kUnknown ? verdict
         : verdict == Verdict::kHolds ? Verdict::kFails
                                      : Verdict::kHolds;
}

bool IsLongRunning(const AuditEvent& event) {
  constexpr std::string_view kSubresources[] = {"attach", "exec", "proxy", "log", "portforward"};
  return event.verb == "watch" || event.verb == "proxy" ||
         std::ranges::find(kSubresources, event.subresource) != std::end(kSubresources) ||
         event.request_uri.starts_with("/debug/pprof/");
}

std::string_view AsBytes(const Micros& time) {
  const void* bytes = &time;
  return {static_cast<const char*>(bytes), sizeof(time)};
}

// What a rule compares text with: the value itself, folded once for the index.
std::string_view FoldAscii(std::string_view text, std::string& scratch) {
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (std::ranges::none_of(text, is_upper)) {
    return text;
  }
  scratch.assign(text);
  for (char& c : scratch) {
    c = is_upper(c) ? static_cast<char>(c + ('a' - 'A')) : c;
  }
  return scratch;
}

bool AllNull(std::span<const FieldValue> values) {
  return std::ranges::all_of(
      values, [](const FieldValue& value) { return value.kind == FieldValue::Kind::kNull; });
}

bool SomeValueMatches(const ValueMatcher& matcher, std::span<const FieldValue> values) {
  if (matcher.kind == ValueMatcher::Kind::kNull) {
    return AllNull(values);
  }
  return std::ranges::any_of(values,
                             [&](const FieldValue& value) { return matcher.Matches(value); });
}

}  // namespace

Hash128 PairKeyOf(const AuditEvent& event, std::string_view cluster) {
  return HashParts({cluster, event.audit_id, AsBytes(event.received_time), event.user.username,
                    event.verb, event.request_uri});
}

Hash128 EventKeyOf(const AuditEvent& event, const Hash128& pair_key) {
  return HashParts({AsText(pair_key), StageName(event.stage), AsBytes(event.stage_time)});
}

Hash128 EventKeyOf(const AuditEvent& event, std::string_view cluster) {
  return EventKeyOf(event, PairKeyOf(event, cluster));
}

struct Matcher::Impl {
  explicit Impl(std::shared_ptr<const RuleSet> rule_set)
      : rules(std::move(rule_set)),
        reader(rules->known_components),
        memo(rules->predicates.size()) {
    for (const Predicate& predicate : rules->predicates) {
      // Whether a key is there that has no value shows only the raw JSON.
      is_indexed.push_back(!predicate.exists.has_value() &&
                           rules->IsIndexed(rules->fields[predicate.field]));
    }
    BuildIndex();
  }

  void BuildIndex();
  void CollectCandidates();
  bool Holds(PredicateIndex predicate);
  bool Judge(const Predicate& predicate);
  bool Run(const Program& program, std::uint32_t node);
  Verdict Foresee(const Program& program, std::uint32_t node);
  GroupValue ValueOf(rules::FieldIndex field);
  FactMatch MakeMatch(std::uint32_t event_rule, std::uint32_t alert_rule);
  std::vector<MatchedField> ShownFields(const rules::EventRule& rule, const AuditEvent& event,
                                        EvidenceBudget& budget);

  // The answer to a predicate, remembered for the event that it was judged for.
  struct Memo {
    std::uint64_t epoch = 0;
    bool holds = false;
  };

  const std::shared_ptr<const RuleSet> rules;
  FieldReader reader;
  std::vector<bool> is_indexed;  // by predicate: does it look at nothing but index_parts?
  std::vector<FieldIndexTable> index;
  std::vector<std::uint32_t> unindexed;  // rules that any event may match
  std::vector<std::uint32_t> candidates;
  std::vector<std::uint32_t> matched;  // of the last event, ascending
  std::vector<Memo> memo;
  std::uint64_t epoch = 0;
  std::string fold_scratch;
};

void Matcher::Impl::BuildIndex() {
  for (std::uint32_t rule = 0; rule < rules->event_rules.size(); ++rule) {
    if (rules->event_rules[rule].feeds.empty()) {
      continue;  // nothing listens to it
    }
    const std::optional<rules::RequiredValues>& required = rules->required[rule];
    if (!required) {
      unindexed.push_back(rule);
      continue;
    }
    auto table = std::ranges::find(index, required->field, &FieldIndexTable::field);
    if (table == index.end()) {
      index.push_back({.field = required->field, .rules_by_value = {}});
      table = index.end() - 1;
    }
    for (const std::string& value : required->values) {
      table->rules_by_value[value].push_back(rule);
      table->lengths |= FieldIndexTable::LengthBit(value);
    }
  }
}

void Matcher::Impl::CollectCandidates() {
  candidates.assign(unindexed.begin(), unindexed.end());
  for (const FieldIndexTable& table : index) {
    const std::string_view text = reader.IndexText(rules->fields[table.field]);
    if (text.data() == nullptr || (table.lengths & FieldIndexTable::LengthBit(text)) == 0) {
      continue;
    }
    const auto found = table.rules_by_value.find(FoldAscii(text, fold_scratch));
    if (found != table.rules_by_value.end()) {
      candidates.insert(candidates.end(), found->second.begin(), found->second.end());
    }
  }
}

bool Matcher::Impl::Judge(const Predicate& predicate) {
  const rules::Field& field = rules->fields[predicate.field];
  if (predicate.exists) {
    return reader.Exists(field) == *predicate.exists;
  }
  const std::span<const FieldValue> values = reader.Values(field);
  const auto matches = [&](const ValueMatcher& matcher) {
    return SomeValueMatches(matcher, values);
  };
  return predicate.all ? std::ranges::all_of(predicate.matchers, matches)
                       : std::ranges::any_of(predicate.matchers, matches);
}

bool Matcher::Impl::Holds(PredicateIndex predicate) {
  Memo& answer = memo[predicate];
  if (answer.epoch != epoch) {
    answer = {.epoch = epoch, .holds = Judge(rules->predicates[predicate])};
  }
  return answer.holds;
}

bool Matcher::Impl::Run(const Program& program, std::uint32_t node_index) {
  const ProgramNode& node = program[node_index];
  const auto run = [&](std::uint32_t child) { return Run(program, child); };
  switch (node.kind) {
    case ProgramNode::Kind::kTrue:
      return true;
    case ProgramNode::Kind::kFalse:
      return false;
    case ProgramNode::Kind::kAnd:
      return std::ranges::all_of(node.children, run);
    case ProgramNode::Kind::kOr:
      return std::ranges::any_of(node.children, run);
    case ProgramNode::Kind::kNot:
      return !Run(program, node.children.front());
    case ProgramNode::Kind::kPredicate:
      return Holds(node.predicate);
  }
  return false;
}

// What Run will say of the whole event, as far as its indexed parts tell.
Verdict Matcher::Impl::Foresee(const Program& program, std::uint32_t node_index) {
  const ProgramNode& node = program[node_index];
  if (node.kind == ProgramNode::Kind::kPredicate) {
    return !is_indexed[node.predicate] ? Verdict::kUnknown
           : Holds(node.predicate)     ? Verdict::kHolds
                                       : Verdict::kFails;
  }
  if (node.kind == ProgramNode::Kind::kNot) {
    return Opposite(Foresee(program, node.children.front()));
  }
  if (node.kind != ProgramNode::Kind::kAnd && node.kind != ProgramNode::Kind::kOr) {
    return node.kind == ProgramNode::Kind::kTrue ? Verdict::kHolds : Verdict::kFails;
  }
  // One child decides, if it is of this kind; else one that is unknown leaves it open.
  const Verdict decisive = node.kind == ProgramNode::Kind::kAnd ? Verdict::kFails : Verdict::kHolds;
  Verdict verdict = Opposite(decisive);
  for (const std::uint32_t child : node.children) {
    const Verdict one = Foresee(program, child);
    if (one == decisive) {
      return decisive;
    }
    verdict = one == Verdict::kUnknown ? one : verdict;
  }
  return verdict;
}

GroupValue Matcher::Impl::ValueOf(rules::FieldIndex field) {
  if (rules::IsRedacted(rules->fields[field])) {
    return std::nullopt;  // a member that no event of an API server has
  }
  const std::span<const FieldValue> values = reader.Values(rules->fields[field]);
  if (values.empty() || values.front().kind == FieldValue::Kind::kNull) {
    return std::nullopt;
  }
  return KeyValue(values.front().text);
}

FactMatch Matcher::Impl::MakeMatch(std::uint32_t event_rule, std::uint32_t alert_rule) {
  const rules::AlertRule& rule = rules->alert_rules[alert_rule];
  FactMatch match;
  match.event_rule = event_rule;
  match.alert_rule = alert_rule;
  match.group.reserve(rule.group_by.size());
  for (const rules::FieldIndex field : rule.group_by) {
    match.group.push_back(ValueOf(field));
  }
  if (rule.counted) {
    match.counted = ValueOf(*rule.counted);
  }
  match.downgraded = rule.downgrade && Holds(rule.downgrade->predicate);
  return match;
}

std::vector<MatchedField> Matcher::Impl::ShownFields(const rules::EventRule& rule,
                                                     const AuditEvent& event,
                                                     EvidenceBudget& budget) {
  std::vector<MatchedField> shown;
  shown.reserve(rule.shown_fields.size());
  for (const rules::FieldIndex index_of_field : rule.shown_fields) {
    const rules::Field& field = rules->fields[index_of_field];
    for (const FieldValue& value : reader.Values(field)) {
      if (!budget.Reserve(field.name.size())) {
        return shown;
      }
      std::string text = field.id == rules::FieldId::kRequestUri ? RedactUri(event)
                         : rules::IsRedacted(field)              ? Redacted(value.text)
                         : field.id == rules::FieldId::kUriQuery ? RedactQueryValue(value.text)
                                                                 : std::string(value.text);
      shown.push_back({.field = field.name, .value = budget.TakeBuilt(std::move(text), 256)});
    }
  }
  return shown;
}

Matcher::Matcher(std::shared_ptr<const RuleSet> rules)
    : impl_(std::make_unique<Impl>(std::move(rules))) {}

Matcher::~Matcher() = default;

bool Matcher::MayMatch(const AuditEvent& event, std::string_view cluster) {
  Impl& impl = *impl_;
  if (event.stage == Stage::kRequestReceived) {
    return false;
  }
  ++impl.epoch;
  impl.reader.Start(event, cluster);
  impl.CollectCandidates();
  std::erase_if(impl.candidates, [&impl](std::uint32_t rule) {
    return impl.Foresee(impl.rules->event_rules[rule].program, 0) == Verdict::kFails;
  });
  return !impl.candidates.empty();
}

bool Matcher::Matches(const AuditEvent& whole, std::string_view cluster) {
  Impl& impl = *impl_;
  impl.matched.clear();
  impl.reader.Start(whole, cluster);  // the same epoch: what the indexed parts answered holds
  for (const std::uint32_t rule : impl.candidates) {
    if (impl.Run(impl.rules->event_rules[rule].program, 0)) {
      impl.matched.push_back(rule);
    }
  }
  return !impl.matched.empty();
}

void Matcher::MakeFact(const AuditEvent& whole, std::string_view cluster, Fact& fact) {
  Impl& impl = *impl_;
  fact = Fact();
  fact.pair_key = PairKeyOf(whole, cluster);
  fact.key = EventKeyOf(whole, fact.pair_key);
  fact.time = whole.stage_time;
  fact.received_time = whole.received_time;
  fact.stage = whole.stage;
  fact.level = whole.level;
  fact.long_running = IsLongRunning(whole);
  fact.raw_length = static_cast<std::uint32_t>(
      std::min<std::size_t>(whole.raw.size(), std::numeric_limits<std::uint32_t>::max()));
  fact.cluster = KeyValue(cluster);
  EvidenceBudget budget;
  fact.evidence = MakeEvidence(
      whole, rules::KnownName(KnownGrade(whole, impl.rules->known_components)), budget);
  std::sort(impl.matched.begin(), impl.matched.end());
  for (const std::uint32_t event_rule : impl.matched) {
    const rules::EventRule& rule = impl.rules->event_rules[event_rule];
    for (const std::uint32_t alert_rule : rule.feeds) {
      FactMatch match = impl.MakeMatch(event_rule, alert_rule);
      match.matched = impl.ShownFields(rule, whole, budget);
      fact.matches.push_back(std::move(match));
    }
  }
}

}  // namespace hark::match
