// An audit event is read from a text that may be anything. Properties: what is read lies within
// bounds, the same text reads the same twice, whatever parts are asked for a text that is JSON is
// taken or refused alike, and what is taken can be read by path.

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "simdjson.h"

#include "base/check.h"
#include "base/rfc3339.h"
#include "match/raw_json.h"
#include "parse/event_parser.h"

namespace {

using hark::AuditEvent;
using hark::Micros;
using hark::UserView;
using hark::parse::EventParser;
using hark::parse::ParseOutcome;

std::vector<std::string_view> TextsOf(const AuditEvent& event) {
  std::vector<std::string_view> texts = {
      event.audit_id, event.request_uri, event.verb,           event.user_agent,
      event.resource, event.subresource, event.api_group,      event.api_version,
      event.name,     event.decision,    event.namespace_name, event.status_reason,
  };
  for (const UserView* const user : {&event.user, &event.impersonated}) {
    texts.insert(texts.end(), {user->username, user->uid, user->credential});
    texts.insert(texts.end(), user->groups.begin(), user->groups.end());
  }
  texts.insert(texts.end(), event.source_ips.begin(), event.source_ips.end());
  return texts;
}

bool IsInYears1To9999(Micros time) {
  return hark::ParseRfc3339(hark::FormatRfc3339(time)) == time;
}

bool HaveSameEssentials(const AuditEvent& a, const AuditEvent& b) {
  return a.stage == b.stage && a.received_time == b.received_time && a.stage_time == b.stage_time;
}

void CheckEvent(const AuditEvent& event) {
  // A text may be unescaped into a buffer, but never grows.
  std::size_t readable = 0;
  for (const std::string_view text : TextsOf(event)) {
    HARK_CHECK(text.size() <= event.raw.size());
    for (const char c : text) {
      readable += c == '\0' ? 0 : 1;  // touches every byte
    }
  }
  HARK_CHECK(readable <= 2 * event.raw.size());
  HARK_CHECK(event.code >= 0 && event.code <= 999);
  HARK_CHECK(IsInYears1To9999(event.received_time) && IsInYears1To9999(event.stage_time));

  static auto& reader = *new hark::match::RawJsonReader;
  std::vector<hark::rules::FieldValue> values;
  reader.Start(event.raw);
  for (const char* const path :
       {"requestObject.spec.a", "user.extra.a.b", "a", "annotations.x/y"}) {
    reader.Read(path, values);
    reader.Exists(path);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static auto& parser = *new EventParser(hark::kAllEventParts);
  static auto& again_parser = *new EventParser(hark::kAllEventParts);
  static auto& bare_parser = *new EventParser(0);
  static auto& strict_parser = *new simdjson::dom::parser;

  std::vector<char> padded(data, data + size);
  padded.resize(size + simdjson::SIMDJSON_PADDING, '}');
  const std::string_view json(padded.data(), size);
  AuditEvent event;
  const ParseOutcome outcome = parser.Parse(json, event);
  if (outcome == ParseOutcome::kEvent) {
    CheckEvent(event);
  }

  AuditEvent again;
  HARK_CHECK(again_parser.Parse(json, again) == outcome);
  HARK_CHECK(TextsOf(again) == TextsOf(event));

  AuditEvent bare;
  const ParseOutcome bare_outcome = bare_parser.Parse(json, bare);
  // What nobody reads is not judged, so the parts decide over texts that are nearly JSON.
  if (strict_parser.parse(event.raw.data(), event.raw.size(), true).error() == 0) {
    HARK_CHECK(bare_outcome == outcome);
    HARK_CHECK(outcome != ParseOutcome::kEvent || HaveSameEssentials(bare, event));
  }
  return 0;
}
