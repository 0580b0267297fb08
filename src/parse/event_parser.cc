#include "parse/event_parser.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "simdjson.h"

#include "base/rfc3339.h"
#include "base/utf8.h"
#include "parse/event_words.h"
#include "parse/on_demand.h"

namespace hark::parse {
namespace {

constexpr std::int64_t kHighestCode = 999;

// How an essential field was found.
enum class Presence : std::uint8_t { kMissing, kWrongType, kBadValue, kGood };

}  // namespace

// Reads one event. Errors of the JSON itself travel as error_code; what is wrong with a field
// stays in the members.
struct EventParser::Impl {
  explicit Impl(EventParts parts_to_read) : parts(parts_to_read) {}

  void Start(std::string_view json, AuditEvent& event);
  // Indexes the text, and reads it.
  error_code IndexDocument(std::string_view json, AuditEvent& event);
  // Reads the document from its start.
  error_code ReadDocument(AuditEvent& event);
  // The text with U+FFFD in place of what is no UTF-8, until the next call.
  std::string_view Repair(std::string_view json);
  error_code ReadField(Key key, ondemand::value& value, AuditEvent& event);
  error_code ReadAuditId(ondemand::value& value, AuditEvent& event);
  error_code ReadStage(ondemand::value& value, AuditEvent& event);
  error_code ReadLevel(ondemand::value& value, AuditEvent& event);
  error_code ReadText(ondemand::value& value, std::string_view& text);
  error_code ReadTexts(ondemand::value& value, std::vector<std::string_view>& texts);
  error_code ReadUser(ondemand::value& value, std::vector<std::string_view>& groups,
                      UserView& user);
  error_code ReadFirstText(ondemand::value& value, std::string_view& text);
  error_code ReadObjectRef(ondemand::value& value, AuditEvent& event);
  error_code ReadStatus(ondemand::value& value, AuditEvent& event);
  error_code ReadCode(ondemand::value& value, std::int32_t& code);
  error_code ReadDecision(ondemand::value& value, AuditEvent& event);
  error_code ReadTime(ondemand::value& value, Presence& presence, Micros& time);
  // Calls visit(key, value) for each field of an object whose key is known to `key_of_raw`. A value
  // that is no object has none, and is counted.
  template <typename KeyOfRaw, typename Visit>
  error_code ForEachField(ondemand::value& value, KeyOfRaw key_of_raw, Visit visit);
  // Resolves the times, and says what is missing or wrong.
  ParseOutcome Finish(AuditEvent& event, RejectReason& reason) const;
  // Wrong types of optional fields are the reader's to count; null is the same as absent.
  error_code Tolerate(error_code error, ondemand::value& value);
  // The same for a field without which there is no event.
  static error_code TolerateEssential(error_code error, ondemand::value& value, Presence& presence);
  bool Wants(EventPart part) const { return (parts & Bit(part)) != 0; }

  EventParts parts;
  ondemand::parser parser;
  ondemand::document document;
  std::vector<std::string_view> groups, impersonated_groups, source_ips;
  std::string key_scratch;
  std::string repaired;
  Rfc3339Parser times;
  std::string_view kind, api_version;  // raw JSON tokens
  Presence audit_id = Presence::kMissing, stage = Presence::kMissing;
  Presence received = Presence::kMissing, stage_time = Presence::kMissing;
  Presence timestamp = Presence::kMissing;
  Micros timestamp_value = 0;
  std::uint64_t wrong_types = 0;
};

error_code EventParser::Impl::Tolerate(error_code error, ondemand::value& value) {
  if (error != simdjson::INCORRECT_TYPE && error != simdjson::NUMBER_ERROR &&
      error != simdjson::NUMBER_OUT_OF_RANGE) {
    return error;
  }
  bool is_null = false;
  if (value.is_null().get(is_null) != SUCCESS || !is_null) {
    ++wrong_types;
  }
  return SUCCESS;
}

error_code EventParser::Impl::TolerateEssential(error_code error, ondemand::value& value,
                                                Presence& presence) {
  if (error != simdjson::INCORRECT_TYPE) {
    return error;
  }
  bool is_null = false;
  const bool missing = value.is_null().get(is_null) == SUCCESS && is_null;
  presence = missing ? Presence::kMissing : Presence::kWrongType;
  return SUCCESS;
}

template <typename KeyOfRaw, typename Visit>
error_code EventParser::Impl::ForEachField(ondemand::value& value, KeyOfRaw key_of_raw,
                                           Visit visit) {
  ondemand::object object;
  if (const error_code error = value.get_object().get(object)) {
    return Tolerate(error, value);
  }
  for (auto result : object) {
    ondemand::field field;
    if (const error_code error = std::move(result).get(field)) {
      return error;
    }
    decltype(key_of_raw("")) key{};
    if (const error_code error = KeyOfField(field, key_of_raw, key_scratch, key)) {
      return error;
    }
    if (key != decltype(key)::kUnknown) {
      if (const error_code error = visit(key, field.value())) {
        return error;
      }
    }
  }
  return SUCCESS;
}

error_code EventParser::Impl::ReadText(ondemand::value& value, std::string_view& text) {
  text = {};
  const error_code error = StringOf(value, text);
  return error == SUCCESS ? SUCCESS : Tolerate(error, value);
}

error_code EventParser::Impl::ReadTexts(ondemand::value& value,
                                        std::vector<std::string_view>& texts) {
  texts.clear();
  ondemand::array array;
  if (const error_code error = value.get_array().get(array)) {
    return Tolerate(error, value);
  }
  for (auto result : array) {
    ondemand::value item;
    // Only of an rvalue can the value be taken.
    // NOLINTNEXTLINE(performance-move-const-arg)
    if (const error_code error = std::move(result).get(item)) {
      return error;
    }
    std::string_view text;
    if (const error_code error = ReadText(item, text)) {
      return error;
    }
    if (text.data() != nullptr) {
      texts.push_back(text);
    }
  }
  return SUCCESS;
}

error_code EventParser::Impl::ReadFirstText(ondemand::value& value, std::string_view& text) {
  text = {};
  ondemand::array items;
  if (const error_code error = value.get_array().get(items)) {
    return Tolerate(error, value);
  }
  for (auto result : items) {
    ondemand::value item;
    // Only of an rvalue can the value be taken.
    // NOLINTNEXTLINE(performance-move-const-arg)
    if (const error_code error = std::move(result).get(item)) {
      return error;
    }
    if (text.data() == nullptr) {
      if (const error_code error = ReadText(item, text)) {
        return error;
      }
    }
  }
  return SUCCESS;
}

error_code EventParser::Impl::ReadUser(ondemand::value& value,
                                       std::vector<std::string_view>& user_groups, UserView& user) {
  user = UserView();
  user_groups.clear();
  const bool details = Wants(EventPart::kUserDetails);
  const auto read_credential = [&](ExtraKey, ondemand::value& credentials) {
    return ReadFirstText(credentials, user.credential);
  };
  const error_code error =
      ForEachField(value, UserKeyOf, [&](UserKey key, ondemand::value& item) -> error_code {
        if (key == UserKey::kUsername) {
          return ReadText(item, user.username);
        }
        if (!details) {
          return SUCCESS;
        }
        switch (key) {
          case UserKey::kUid:
            return ReadText(item, user.uid);
          case UserKey::kGroups:
            return ReadTexts(item, user_groups);
          default:
            user.credential = {};
            return ForEachField(item, ExtraKeyOf, read_credential);
        }
      });
  user.groups = user_groups;
  return error;
}

error_code EventParser::Impl::ReadObjectRef(ondemand::value& value, AuditEvent& event) {
  event.resource = event.subresource = event.api_group = event.api_version = {};
  event.namespace_name = event.name = {};
  return ForEachField(value, ObjectKeyOf, [&](ObjectKey key, ondemand::value& item) {
    switch (key) {
      case ObjectKey::kResource:
        return ReadText(item, event.resource);
      case ObjectKey::kSubresource:
        return ReadText(item, event.subresource);
      case ObjectKey::kApiGroup:
        return ReadText(item, event.api_group);
      case ObjectKey::kApiVersion:
        return ReadText(item, event.api_version);
      case ObjectKey::kNamespace:
        return ReadText(item, event.namespace_name);
      case ObjectKey::kName:
        return ReadText(item, event.name);
      default:
        return SUCCESS;
    }
  });
}

error_code EventParser::Impl::ReadCode(ondemand::value& value, std::int32_t& code) {
  code = 0;
  std::int64_t number = 0;
  if (value.get_int64().get(number) != SUCCESS) {
    // 200.0 and 2e2 are 200 for whoever wrote them, or passed them on through floating point.
    double real = 0;
    if (const error_code error = value.get_double().get(real)) {
      return Tolerate(error, value);
    }
    number = real >= 0 && real <= kHighestCode ? static_cast<std::int64_t>(real) : -1;
    number = static_cast<double>(number) == real ? number : -1;
  }
  if (number < 0 || number > kHighestCode) {
    ++wrong_types;
  } else {
    code = static_cast<std::int32_t>(number);
  }
  return SUCCESS;
}

error_code EventParser::Impl::ReadStatus(ondemand::value& value, AuditEvent& event) {
  event.code = 0;
  event.status_reason = {};
  return ForEachField(value, StatusKeyOf, [&](StatusKey key, ondemand::value& item) {
    return key == StatusKey::kCode     ? ReadCode(item, event.code)
           : key == StatusKey::kReason ? ReadText(item, event.status_reason)
                                       : SUCCESS;
  });
}

error_code EventParser::Impl::ReadDecision(ondemand::value& value, AuditEvent& event) {
  event.decision = {};
  return ForEachField(value, AnnotationKeyOf, [&](AnnotationKey, ondemand::value& item) {
    return ReadText(item, event.decision);
  });
}

error_code EventParser::Impl::ReadTime(ondemand::value& value, Presence& presence, Micros& time) {
  std::string_view text;
  if (const error_code error = StringOf(value, text)) {
    return TolerateEssential(error, value, presence);
  }
  const std::optional<Micros> parsed = times.Parse(text);
  presence = parsed ? Presence::kGood : Presence::kBadValue;
  time = parsed.value_or(0);
  return SUCCESS;
}

error_code EventParser::Impl::ReadAuditId(ondemand::value& value, AuditEvent& event) {
  std::string_view text = RawText(value);
  if (text.data() == nullptr) {
    return TolerateEssential(simdjson::INCORRECT_TYPE, value, audit_id);
  }
  audit_id = Presence::kGood;
  if (Wants(EventPart::kIdentity)) {
    return StringOf(value, event.audit_id);
  }
  return SUCCESS;
}

error_code EventParser::Impl::ReadStage(ondemand::value& value, AuditEvent& event) {
  // Nobody writes an escape into a stage, but who does means what it says.
  std::string_view text = RawText(value);
  std::optional<Stage> parsed = StageOf(text);
  if (!parsed.has_value()) {
    if (const error_code error = StringOf(value, text)) {
      return TolerateEssential(error, value, stage);
    }
    parsed = StageOf(text);
  }
  stage = parsed ? Presence::kGood : Presence::kBadValue;
  event.stage = parsed.value_or(Stage::kRequestReceived);
  return SUCCESS;
}

error_code EventParser::Impl::ReadLevel(ondemand::value& value, AuditEvent& event) {
  std::string_view level;
  const error_code error = ReadText(value, level);
  event.level = LevelOf(level);
  return error;
}

error_code EventParser::Impl::ReadField(Key key, ondemand::value& value, AuditEvent& event) {
  switch (key) {
    case Key::kAuditId:
      return ReadAuditId(value, event);
    case Key::kStage:
      return ReadStage(value, event);
    case Key::kRequestReceived:
      return ReadTime(value, received, event.received_time);
    case Key::kStageTimestamp:
      return ReadTime(value, stage_time, event.stage_time);
    case Key::kTimestamp:
      return ReadTime(value, timestamp, timestamp_value);
    case Key::kLevel:
      return Wants(EventPart::kIdentity) ? ReadLevel(value, event) : SUCCESS;
    case Key::kVerb:
      return Wants(EventPart::kVerb) ? ReadText(value, event.verb) : SUCCESS;
    case Key::kRequestUri:
      return Wants(EventPart::kText) ? ReadText(value, event.request_uri) : SUCCESS;
    case Key::kUserAgent:
      return Wants(EventPart::kText) ? ReadText(value, event.user_agent) : SUCCESS;
    case Key::kUser:
      return Wants(EventPart::kUser) ? ReadUser(value, groups, event.user) : SUCCESS;
    case Key::kImpersonatedUser:
      return Wants(EventPart::kImpersonatedUser)
                 ? ReadUser(value, impersonated_groups, event.impersonated)
                 : SUCCESS;
    case Key::kSourceIps:
      return Wants(EventPart::kSourceIps) ? ReadTexts(value, source_ips) : SUCCESS;
    case Key::kObjectRef:
      return Wants(EventPart::kObjectRef) ? ReadObjectRef(value, event) : SUCCESS;
    case Key::kResponseStatus:
      return Wants(EventPart::kResponseStatus) ? ReadStatus(value, event) : SUCCESS;
    case Key::kAnnotations:
      return Wants(EventPart::kDecision) ? ReadDecision(value, event) : SUCCESS;
    case Key::kKind:
      kind = value.raw_json_token();
      return SUCCESS;
    case Key::kApiVersion:
      api_version = value.raw_json_token();
      return SUCCESS;
    case Key::kUnknown:
      return SUCCESS;
  }
  return SUCCESS;
}

void EventParser::Impl::Start(std::string_view json, AuditEvent& event) {
  event = AuditEvent();
  event.raw = json;
  kind = api_version = {};
  audit_id = stage = Presence::kMissing;
  received = stage_time = timestamp = Presence::kMissing;
  groups.clear();
  impersonated_groups.clear();
  source_ips.clear();
}

error_code EventParser::Impl::IndexDocument(std::string_view json, AuditEvent& event) {
  if (const error_code error =
          parser.iterate(json.data(), json.size(), json.size() + simdjson::SIMDJSON_PADDING)
              .get(document)) {
    return error;
  }
  return ReadDocument(event);
}

error_code EventParser::Impl::ReadDocument(AuditEvent& event) {
  ondemand::object object;
  if (const error_code error = document.get_object().get(object)) {
    return error;
  }
  for (auto result : object) {
    ondemand::field field;
    if (const error_code error = std::move(result).get(field)) {
      return error;
    }
    Key key = Key::kUnknown;
    if (const error_code error = KeyOfField(field, KeyOf, key_scratch, key)) {
      return error;
    }
    if (const error_code error = ReadField(key, field.value(), event)) {
      return error;
    }
  }
  const char* rest = nullptr;
  return document.current_location().get(rest) == simdjson::OUT_OF_BOUNDS
             ? SUCCESS
             : simdjson::TRAILING_CONTENT;
}

std::string_view EventParser::Impl::Repair(std::string_view json) {
  repaired.clear();
  for (std::string_view rest = json; !rest.empty();) {
    const Utf8Character character = DecodeUtf8(rest);
    repaired += character.valid ? rest.substr(0, character.length) : kReplacementCharacter;
    rest.remove_prefix(character.length);
  }
  const std::size_t size = repaired.size();
  repaired.append(simdjson::SIMDJSON_PADDING, '\0');
  return std::string_view(repaired).substr(0, size);
}

ParseOutcome EventParser::Impl::Finish(AuditEvent& event, RejectReason& reason) const {
  Presence time = stage_time;
  if (time == Presence::kMissing) {  // v1beta1, and shippers that drop the stage's own time
    time = received == Presence::kMissing ? timestamp : received;
    event.stage_time = received == Presence::kMissing ? timestamp_value : event.received_time;
  }
  Presence start = received;
  if (start == Presence::kMissing) {
    start = timestamp;
    event.received_time = timestamp_value;
  }
  Presence worst = Presence::kGood;
  for (const Presence presence : {audit_id, stage, time, start}) {
    worst = std::min(worst, presence);
  }
  if (worst == Presence::kGood) {
    return ParseOutcome::kEvent;
  }
  const bool nothing = audit_id == Presence::kMissing && stage == Presence::kMissing &&
                       stage_time == Presence::kMissing && received == Presence::kMissing;
  const bool other_kind = !kind.empty() && kind.find("\"Event\"") != 0;
  const bool other_group = !api_version.empty() && api_version.find("\"audit.k8s.io/") != 0;
  if (nothing && (kind.empty() || other_kind || other_group)) {
    return ParseOutcome::kSkipped;
  }
  reason = worst == Presence::kMissing     ? RejectReason::kMissingField
           : worst == Presence::kWrongType ? RejectReason::kWrongType
                                           : RejectReason::kBadValue;
  return ParseOutcome::kRejected;
}

EventParser::EventParser(EventParts parts) : parts_(parts), impl_(std::make_unique<Impl>(parts)) {}

EventParser::~EventParser() = default;

template <typename ErrorCode>
ParseOutcome EventParser::Judge(ErrorCode error, AuditEvent& event) {
  if (error != SUCCESS) {
    reject_reason_ =
        error == simdjson::INCORRECT_TYPE ? RejectReason::kNotAnObject : RejectReason::kMalformed;
    return ParseOutcome::kRejected;
  }
  event.source_ips = impl_->source_ips;
  return impl_->Finish(event, reject_reason_);
}

ParseOutcome EventParser::Parse(std::string_view json, AuditEvent& event) {
  impl_->parts = parts_;
  impl_->Start(json, event);
  error_code error = impl_->IndexDocument(json, event);
  if (error == simdjson::UTF8_ERROR) {
    event.raw = impl_->Repair(json);
    error = impl_->IndexDocument(event.raw, event);
  }
  wrong_types_ = impl_->wrong_types;
  return Judge(error, event);
}

ParseOutcome EventParser::ReadWhole(const AuditEvent& event, AuditEvent& whole) {
  impl_->parts = kAllEventParts;
  const std::string_view json = event.raw;
  impl_->Start(json, whole);
  impl_->document.rewind();
  const error_code error = impl_->ReadDocument(whole);
  // What is wrong with an event is counted by the parts that every event is asked for.
  impl_->wrong_types = wrong_types_;
  return Judge(error, whole);
}

}  // namespace hark::parse
