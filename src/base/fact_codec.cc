#include "base/fact_codec.h"

#include <string>
#include <utility>

namespace hark {
namespace {

constexpr std::size_t kMinMatchBytes = 6;

void EncodeMatch(const FactMatch& match, ByteWriter& writer) {
  writer.Unsigned(match.alert_rule);
  writer.Unsigned(match.event_rule);
  EncodeList(match.group, writer, EncodeGroupValue);
  writer.OptionalText(match.counted);
  writer.Bool(match.downgraded);
  EncodeList(match.matched, writer, EncodeMatchedField);
}

FactMatch DecodeMatch(ByteReader& reader) {
  FactMatch match;
  match.alert_rule = Number<std::uint32_t>(reader);
  match.event_rule = Number<std::uint32_t>(reader);
  match.group = DecodeList<GroupValue>(reader, 1, DecodeGroupValue);
  match.counted = reader.OptionalText();
  match.downgraded = reader.Bool();
  match.matched = DecodeList<MatchedField>(reader, kMinMatchedFieldBytes, DecodeMatchedField);
  return match;
}

// Calls visit with each single text of the evidence, in the order in which they are encoded.
template <typename AnyEvidence, typename Visit>
void ForEachText(AnyEvidence& evidence, Visit visit) {
  for (auto* text : {&evidence.audit_id, &evidence.actor_name, &evidence.actor_type,
                     &evidence.actor_known, &evidence.actor_uid, &evidence.actor_credential,
                     &evidence.impersonator, &evidence.source_ip, &evidence.user_agent,
                     &evidence.verb, &evidence.resource, &evidence.namespace_name, &evidence.name,
                     &evidence.uri, &evidence.outcome, &evidence.reason}) {
    visit(*text);
  }
}

}  // namespace

void EncodeText(const std::string& text, ByteWriter& writer) {
  writer.Text(text);
}
std::string DecodeText(ByteReader& reader) {
  return reader.Text();
}

void EncodeGroupValue(const GroupValue& value, ByteWriter& writer) {
  writer.OptionalText(value);
}
GroupValue DecodeGroupValue(ByteReader& reader) {
  return reader.OptionalText();
}

void EncodeMatchedField(const MatchedField& matched, ByteWriter& writer) {
  writer.Text(matched.field);
  writer.Text(matched.value);
}

MatchedField DecodeMatchedField(ByteReader& reader) {
  MatchedField matched;
  matched.field = reader.Text();
  matched.value = reader.Text();
  return matched;
}

void EncodeEvidence(const Evidence& evidence, ByteWriter& writer) {
  ForEachText(evidence, [&writer](const std::string& text) { writer.Text(text); });
  EncodeList(evidence.actor_groups, writer, EncodeText);
  EncodeList(evidence.source_ips, writer, EncodeText);
  writer.Signed(evidence.code);
}

Evidence DecodeEvidence(ByteReader& reader) {
  Evidence evidence;
  ForEachText(evidence, [&reader](std::string& text) { text = reader.Text(); });
  evidence.actor_groups = DecodeList<std::string>(reader, 1, DecodeText);
  evidence.source_ips = DecodeList<std::string>(reader, 1, DecodeText);
  const std::int64_t code = reader.Signed();
  if (code < std::numeric_limits<std::int32_t>::min() ||
      code > std::numeric_limits<std::int32_t>::max()) {
    reader.Fail();
  } else {
    evidence.code = static_cast<std::int32_t>(code);
  }
  return evidence;
}

void EncodeFact(const Fact& fact, ByteWriter& writer) {
  writer.Hash(fact.key);
  writer.Hash(fact.pair_key);
  writer.Signed(fact.time);
  writer.Signed(fact.received_time);
  writer.Unsigned(static_cast<std::uint64_t>(fact.stage));
  writer.Unsigned(static_cast<std::uint64_t>(fact.level));
  writer.Bool(fact.long_running);
  writer.Unsigned(fact.raw_length);
  writer.Text(fact.cluster);
  EncodeEvidence(fact.evidence, writer);
  EncodeList(fact.matches, writer, EncodeMatch);
}

Fact DecodeFact(ByteReader& reader) {
  Fact fact;
  fact.key = reader.Hash();
  fact.pair_key = reader.Hash();
  fact.time = reader.Signed();
  fact.received_time = reader.Signed();
  fact.stage = Enumerator(reader, Stage::kPanic);
  fact.level = Enumerator(reader, Level::kRequestResponse);
  fact.long_running = reader.Bool();
  fact.raw_length = Number<std::uint32_t>(reader);
  fact.cluster = reader.Text();
  fact.evidence = DecodeEvidence(reader);
  fact.matches = DecodeList<FactMatch>(reader, kMinMatchBytes, DecodeMatch);
  return fact;
}

}  // namespace hark
