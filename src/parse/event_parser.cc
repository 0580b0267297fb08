#include "parse/event_parser.h"

#include <memory>
#include <optional>
#include <utility>

#include "simdjson.h"

#include "base/rfc3339.h"
#include "base/utf8.h"
#include "parse/event_essentials.h"
#include "parse/event_words.h"
#include "parse/on_demand.h"

namespace hark::parse {
namespace {

constexpr std::int64_t kHighestCode = 999;

// What stands where an object should.
enum class Found : std::uint8_t { kObject, kNull, kOther };

// What null does to what an earlier duplicate said: Go decodes it as nothing into a text, a number
// or a struct, and as an absent value into all else.
enum class Null : std::uint8_t { kKeeps, kClears };

}  // namespace

// Reads one event. Fields and items are used where their result holds them: GCC writes a copy in
// pieces and reads it as one, which costs a wait at each. Errors of the JSON itself travel as
// error_code; what is wrong with a field stays in the members. What a duplicate says is put over
// what was read before it.
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
  error_code ReadUser(ondemand::value& value, Null null, std::vector<std::string_view>& groups,
                      UserView& user);
  error_code ReadFirstText(ondemand::value& value, std::string_view& text);
  error_code ReadObjectRef(ondemand::value& value, AuditEvent& event);
  error_code ReadStatus(ondemand::value& value, AuditEvent& event);
  error_code ReadCode(ondemand::value& value, std::int32_t& code);
  error_code ReadDecision(ondemand::value& value, AuditEvent& event);
  error_code ReadTime(ondemand::value& value, Presence& presence, Micros& time);
  // Calls visit(key, value) for each field of an object whose key is known to `key_of_raw`. A value
  // that is no object has none, and is counted if it is not null.
  template <typename KeyOfRaw, typename Visit>
  error_code ForEachField(ondemand::value& value, Found& found, KeyOfRaw key_of_raw, Visit visit);
  // Wrong types of optional fields are the reader's to count; null is the same as absent.
  error_code Tolerate(error_code error, ondemand::value& value, Found& found);
  error_code Tolerate(error_code error, ondemand::value& value) {
    Found ignored{};
    return Tolerate(error, value, ignored);
  }
  // The same for a field without which there is no event.
  static error_code TolerateEssential(error_code error, ondemand::value& value, Null null,
                                      Presence& presence);
  bool Wants(EventPart part) const { return (parts & Bit(part)) != 0; }

  EventParts parts;
  ondemand::parser parser;
  ondemand::document document;
  std::vector<std::string_view> groups, impersonated_groups, source_ips;
  std::string key_scratch;
  std::string repaired;
  Rfc3339Parser times;
  EventEssentials essentials;
  std::string_view level;
  std::uint64_t wrong_types = 0;
};

error_code EventParser::Impl::Tolerate(error_code error, ondemand::value& value, Found& found) {
  if (error != simdjson::INCORRECT_TYPE && error != simdjson::NUMBER_ERROR &&
      error != simdjson::NUMBER_OUT_OF_RANGE) {
    return error;
  }
  bool is_null = false;
  found = value.is_null().get(is_null) == SUCCESS && is_null ? Found::kNull : Found::kOther;
  wrong_types += found == Found::kOther ? 1 : 0;
  return SUCCESS;
}

error_code EventParser::Impl::TolerateEssential(error_code error, ondemand::value& value, Null null,
                                                Presence& presence) {
  if (error != simdjson::INCORRECT_TYPE) {
    return error;
  }
  bool is_null = false;
  if (value.is_null().get(is_null) != SUCCESS || !is_null) {
    presence = Presence::kWrongType;
  } else if (null == Null::kClears) {
    presence = Presence::kMissing;
  }
  return SUCCESS;
}

template <typename KeyOfRaw, typename Visit>
error_code EventParser::Impl::ForEachField(ondemand::value& value, Found& found,
                                           KeyOfRaw key_of_raw, Visit visit) {
  found = Found::kObject;
  ondemand::object object;
  if (const error_code error = value.get_object().get(object)) {
    return Tolerate(error, value, found);
  }
  for (auto result : object) {
    if (const error_code error = result.error()) {
      return error;
    }
    ondemand::field& field = result.value_unsafe();
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
  std::string_view read;
  Found found = Found::kObject;
  const error_code error = StringOf(value, read);
  if (error == SUCCESS) {
    text = read;
    return SUCCESS;
  }
  const error_code severe = Tolerate(error, value, found);
  text = found == Found::kNull ? text : std::string_view();
  return severe;
}

error_code EventParser::Impl::ReadTexts(ondemand::value& value,
                                        std::vector<std::string_view>& texts) {
  texts.clear();
  ondemand::array array;
  if (const error_code error = value.get_array().get(array)) {
    return Tolerate(error, value);
  }
  for (auto result : array) {
    if (const error_code error = result.error()) {
      return error;
    }
    ondemand::value& item = result.value_unsafe();
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
    if (const error_code error = result.error()) {
      return error;
    }
    ondemand::value& item = result.value_unsafe();
    if (text.data() == nullptr) {
      if (const error_code error = ReadText(item, text)) {
        return error;
      }
    }
  }
  return SUCCESS;
}

error_code EventParser::Impl::ReadUser(ondemand::value& value, Null null,
                                       std::vector<std::string_view>& user_groups, UserView& user) {
  const bool details = Wants(EventPart::kUserDetails);
  const auto read_credential = [&](ExtraKey, ondemand::value& credentials) {
    return ReadFirstText(credentials, user.credential);
  };
  const auto read_extra = [&](ondemand::value& extra) {
    Found found{};
    const error_code error = ForEachField(extra, found, ExtraKeyOf, read_credential);
    user.credential = found == Found::kObject ? user.credential : std::string_view();
    return error;
  };
  Found found{};
  const error_code error =
      ForEachField(value, found, UserKeyOf, [&](UserKey key, ondemand::value& item) -> error_code {
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
            return read_extra(item);
        }
      });
  if (found == Found::kOther || (found == Found::kNull && null == Null::kClears)) {
    user = UserView();
    user_groups.clear();
  }
  user.groups = user_groups;
  return error;
}

error_code EventParser::Impl::ReadObjectRef(ondemand::value& value, AuditEvent& event) {
  Found found{};
  const auto read = [&](ObjectKey key, ondemand::value& item) {
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
  };
  const error_code error = ForEachField(value, found, ObjectKeyOf, read);
  if (found != Found::kObject) {
    event.resource = event.subresource = event.api_group = event.api_version = {};
    event.namespace_name = event.name = {};
  }
  return error;
}

error_code EventParser::Impl::ReadCode(ondemand::value& value, std::int32_t& code) {
  std::int64_t number = 0;
  if (value.get_int64().get(number) != SUCCESS) {
    // 200.0 and 2e2 are 200 for whoever wrote them, or passed them on through floating point.
    double real = 0;
    if (const error_code error = value.get_double().get(real)) {
      Found found = Found::kObject;
      const error_code severe = Tolerate(error, value, found);
      code = found == Found::kNull ? code : 0;
      return severe;
    }
    number = real >= 0 && real <= kHighestCode ? static_cast<std::int64_t>(real) : -1;
    number = static_cast<double>(number) == real ? number : -1;
  }
  const bool is_code = number >= 0 && number <= kHighestCode;
  wrong_types += is_code ? 0 : 1;
  code = is_code ? static_cast<std::int32_t>(number) : 0;
  return SUCCESS;
}

error_code EventParser::Impl::ReadStatus(ondemand::value& value, AuditEvent& event) {
  Found found{};
  const auto read = [&](StatusKey key, ondemand::value& item) {
    return key == StatusKey::kCode     ? ReadCode(item, event.code)
           : key == StatusKey::kReason ? ReadText(item, event.status_reason)
                                       : SUCCESS;
  };
  const error_code error = ForEachField(value, found, StatusKeyOf, read);
  if (found != Found::kObject) {
    event.code = 0;
    event.status_reason = {};
  }
  return error;
}

error_code EventParser::Impl::ReadDecision(ondemand::value& value, AuditEvent& event) {
  Found found{};
  const auto read = [&](AnnotationKey, ondemand::value& item) {
    event.decision = {};  // null is an empty text in a map
    return ReadText(item, event.decision);
  };
  const error_code error = ForEachField(value, found, AnnotationKeyOf, read);
  event.decision = found == Found::kObject ? event.decision : std::string_view();
  return error;
}

error_code EventParser::Impl::ReadTime(ondemand::value& value, Presence& presence, Micros& time) {
  // No text with an escape is a time as it stands.
  std::string_view text = RawText(value);
  std::optional<Micros> parsed = times.Parse(text);
  if (!parsed.has_value()) {
    if (const error_code error = StringOf(value, text)) {
      return TolerateEssential(error, value, Null::kClears, presence);
    }
    parsed = times.Parse(text);
  }
  presence = parsed ? Presence::kGood : Presence::kBadValue;
  time = parsed.value_or(0);
  return SUCCESS;
}

error_code EventParser::Impl::ReadAuditId(ondemand::value& value, AuditEvent& event) {
  std::string_view text = RawText(value);
  if (text.data() == nullptr) {
    return TolerateEssential(simdjson::INCORRECT_TYPE, value, Null::kKeeps, essentials.audit_id);
  }
  essentials.audit_id = Presence::kGood;
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
      return TolerateEssential(error, value, Null::kKeeps, essentials.stage);
    }
    parsed = StageOf(text);
  }
  essentials.stage = parsed ? Presence::kGood : Presence::kBadValue;
  event.stage = parsed.value_or(Stage::kRequestReceived);
  return SUCCESS;
}

error_code EventParser::Impl::ReadLevel(ondemand::value& value, AuditEvent& event) {
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
      return ReadTime(value, essentials.received, event.received_time);
    case Key::kStageTimestamp:
      return ReadTime(value, essentials.stage_time, event.stage_time);
    case Key::kTimestamp:
      return ReadTime(value, essentials.timestamp, essentials.timestamp_value);
    case Key::kLevel:
      return Wants(EventPart::kIdentity) ? ReadLevel(value, event) : SUCCESS;
    case Key::kVerb:
      return Wants(EventPart::kVerb) ? ReadText(value, event.verb) : SUCCESS;
    case Key::kRequestUri:
      return Wants(EventPart::kText) ? ReadText(value, event.request_uri) : SUCCESS;
    case Key::kUserAgent:
      return Wants(EventPart::kText) ? ReadText(value, event.user_agent) : SUCCESS;
    case Key::kUser:
      return Wants(EventPart::kUser) ? ReadUser(value, Null::kKeeps, groups, event.user) : SUCCESS;
    case Key::kImpersonatedUser:
      return Wants(EventPart::kImpersonatedUser)
                 ? ReadUser(value, Null::kClears, impersonated_groups, event.impersonated)
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
      essentials.kind = value.raw_json_token();
      return SUCCESS;
    case Key::kApiVersion:
      essentials.api_version = value.raw_json_token();
      return SUCCESS;
    case Key::kUnknown:
      return SUCCESS;
  }
  return SUCCESS;
}

void EventParser::Impl::Start(std::string_view json, AuditEvent& event) {
  std::destroy_at(&event);  // an assignment would make one elsewhere and copy it
  std::construct_at(&event);
  event.raw = json;
  essentials = EventEssentials();
  level = {};
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
    if (const error_code error = result.error()) {
      return error;
    }
    ondemand::field& field = result.value_unsafe();
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
  return impl_->essentials.Judge(event, reject_reason_);
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
