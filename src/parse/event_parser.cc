#include "parse/event_parser.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "simdjson.h"

#include "base/rfc3339.h"
#include "parse/on_demand.h"

namespace hark::parse {
namespace {

std::optional<Stage> StageOf(std::string_view text) {
  if (text == "ResponseComplete") {
    return Stage::kResponseComplete;
  }
  if (text == "ResponseStarted") {
    return Stage::kResponseStarted;
  }
  if (text == "RequestReceived") {
    return Stage::kRequestReceived;
  }
  if (text == "Panic") {
    return Stage::kPanic;
  }
  return std::nullopt;
}

Level LevelOf(std::string_view text) {
  if (text == "Metadata") {
    return Level::kMetadata;
  }
  if (text == "Request") {
    return Level::kRequest;
  }
  if (text == "RequestResponse") {
    return Level::kRequestResponse;
  }
  return Level::kNone;
}

// How an essential field was found.
enum class Presence : std::uint8_t { kMissing, kWrongType, kBadValue, kGood };

}  // namespace

std::string_view RejectReasonName(RejectReason reason) {
  switch (reason) {
    case RejectReason::kMalformed:
      return "malformed";
    case RejectReason::kNotAnObject:
      return "not_an_object";
    case RejectReason::kMissingField:
      return "missing_field";
    case RejectReason::kWrongType:
      return "wrong_type";
    case RejectReason::kBadValue:
      return "bad_value";
    case RejectReason::kTooLarge:
      return "too_large";
    case RejectReason::kFuture:
      return "future";
  }
  return "unknown";
}

// Reads one event. Errors of the JSON itself travel as error_code; what is wrong with a field
// stays in the members.
struct EventParser::Impl {
  explicit Impl(EventParts parts_to_read) : parts(parts_to_read) {}

  error_code ReadDocument(std::string_view json, AuditEvent& event);
  error_code ReadField(Key key, ondemand::value value, AuditEvent& event);
  error_code ReadEssential(Key key, ondemand::value value, AuditEvent& event);
  error_code ReadText(ondemand::value value, std::string_view& text);
  error_code ReadTexts(ondemand::value value, std::vector<std::string_view>& texts);
  error_code ReadUser(ondemand::value value, std::vector<std::string_view>& groups, UserView& user);
  error_code ReadFirstText(ondemand::value value, std::string_view& text);
  error_code ReadObjectRef(ondemand::value value, AuditEvent& event);
  error_code ReadStatus(ondemand::value value, AuditEvent& event);
  error_code ReadDecision(ondemand::value value, AuditEvent& event);
  error_code ReadTime(ondemand::value value, Presence& presence, Micros& time);
  // Calls visit(index, value) for each field of an object whose key is names[index]. A value that
  // is no object has none, and is counted.
  template <std::size_t kSize, typename Visit>
  error_code ForEachField(ondemand::value value, const std::array<std::string_view, kSize>& names,
                          Visit visit);
  // Resolves the times, and says what is missing or wrong.
  ParseOutcome Finish(AuditEvent& event, RejectReason& reason) const;
  // Wrong types of optional fields are the reader's to count; null is the same as absent.
  error_code Tolerate(error_code error, ondemand::value& value);
  bool Wants(EventPart part) const { return (parts & Bit(part)) != 0; }

  const EventParts parts;
  ondemand::parser parser;
  std::vector<std::string_view> groups, impersonated_groups, source_ips;
  std::string key_scratch;
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

template <std::size_t kSize, typename Visit>
error_code EventParser::Impl::ForEachField(ondemand::value value,
                                           const std::array<std::string_view, kSize>& names,
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
    std::size_t index = kSize;
    if (const error_code error = IndexOfKey(field, names, index)) {
      return error;
    }
    if (index < kSize) {
      if (const error_code error = visit(index, field.value())) {
        return error;
      }
    }
  }
  return SUCCESS;
}

error_code EventParser::Impl::ReadText(ondemand::value value, std::string_view& text) {
  text = {};
  const error_code error = StringOf(value, text);
  return error == SUCCESS ? SUCCESS : Tolerate(error, value);
}

error_code EventParser::Impl::ReadTexts(ondemand::value value,
                                        std::vector<std::string_view>& texts) {
  texts.clear();
  ondemand::array array;
  if (const error_code error = value.get_array().get(array)) {
    return Tolerate(error, value);
  }
  for (auto result : array) {
    ondemand::value item;
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

error_code EventParser::Impl::ReadFirstText(ondemand::value value, std::string_view& text) {
  text = {};
  ondemand::array items;
  if (const error_code error = value.get_array().get(items)) {
    return Tolerate(error, value);
  }
  for (auto result : items) {
    ondemand::value item;
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

error_code EventParser::Impl::ReadUser(ondemand::value value,
                                       std::vector<std::string_view>& user_groups, UserView& user) {
  static constexpr std::array<std::string_view, 4> kKeys = {"username", "uid", "groups", "extra"};
  static constexpr std::array<std::string_view, 1> kExtraKeys = {
      "authentication.kubernetes.io/credential-id"};
  user = UserView();
  user_groups.clear();
  const bool details = Wants(EventPart::kUserDetails);
  const error_code error =
      ForEachField(value, kKeys, [&](std::size_t key, ondemand::value item) -> error_code {
        if (key == 0) {
          return ReadText(item, user.username);
        }
        if (!details) {
          return SUCCESS;
        }
        if (key == 1) {
          return ReadText(item, user.uid);
        }
        if (key == 2) {
          return ReadTexts(item, user_groups);
        }
        return ForEachField(item, kExtraKeys, [&](std::size_t, ondemand::value credentials) {
          return ReadFirstText(credentials, user.credential);
        });
      });
  user.groups = user_groups;
  return error;
}

error_code EventParser::Impl::ReadObjectRef(ondemand::value value, AuditEvent& event) {
  // The last two are known only so that they are not searched for escapes.
  static constexpr std::array<std::string_view, 8> kKeys = {
      "resource", "namespace",   "name", "apiVersion",
      "apiGroup", "subresource", "uid",  "resourceVersion"};
  const std::array<std::string_view*, 6> texts = {&event.resource,  &event.namespace_name,
                                                  &event.name,      &event.api_version,
                                                  &event.api_group, &event.subresource};
  for (std::string_view* text : texts) {
    *text = {};
  }
  return ForEachField(value, kKeys, [&](std::size_t key, ondemand::value item) {
    return key < texts.size() ? ReadText(item, *texts[key]) : SUCCESS;
  });
}

error_code EventParser::Impl::ReadStatus(ondemand::value value, AuditEvent& event) {
  static constexpr std::array<std::string_view, 6> kKeys = {"code",   "reason",  "metadata",
                                                            "status", "message", "details"};
  event.code = 0;
  event.status_reason = {};
  return ForEachField(value, kKeys, [&](std::size_t key, ondemand::value item) -> error_code {
    if (key == 1) {
      return ReadText(item, event.status_reason);
    }
    if (key != 0) {
      return SUCCESS;
    }
    event.code = 0;
    std::int64_t code = 0;
    if (const error_code error = item.get_int64().get(code)) {
      return Tolerate(error, item);
    }
    if (code < 0 || code > 999) {
      ++wrong_types;
    } else {
      event.code = static_cast<std::int32_t>(code);
    }
    return SUCCESS;
  });
}

error_code EventParser::Impl::ReadDecision(ondemand::value value, AuditEvent& event) {
  static constexpr std::array<std::string_view, 2> kKeys = {"authorization.k8s.io/decision",
                                                            "authorization.k8s.io/reason"};
  event.decision = {};
  return ForEachField(value, kKeys, [&](std::size_t key, ondemand::value item) {
    return key == 0 ? ReadText(item, event.decision) : SUCCESS;
  });
}

error_code EventParser::Impl::ReadTime(ondemand::value value, Presence& presence, Micros& time) {
  std::string_view text;
  if (const error_code error = StringOf(value, text)) {
    bool is_null = false;
    if (error != simdjson::INCORRECT_TYPE || value.is_null().get(is_null) != SUCCESS) {
      return error;
    }
    presence = is_null ? Presence::kMissing : Presence::kWrongType;
    return SUCCESS;
  }
  const std::optional<Micros> parsed = times.Parse(text);
  presence = parsed ? Presence::kGood : Presence::kBadValue;
  time = parsed.value_or(0);
  return SUCCESS;
}

error_code EventParser::Impl::ReadEssential(Key key, ondemand::value value, AuditEvent& event) {
  Presence& presence = key == Key::kAuditId ? audit_id : stage;
  std::string_view text;
  if (const error_code error = StringOf(value, text)) {
    presence = Presence::kWrongType;
    return error == simdjson::INCORRECT_TYPE ? SUCCESS : error;
  }
  presence = Presence::kGood;
  if (key == Key::kAuditId) {
    event.audit_id = text;
    return SUCCESS;
  }
  const std::optional<Stage> parsed = StageOf(text);
  presence = parsed ? Presence::kGood : Presence::kBadValue;
  event.stage = parsed.value_or(Stage::kRequestReceived);
  return SUCCESS;
}

error_code EventParser::Impl::ReadField(Key key, ondemand::value value, AuditEvent& event) {
  switch (key) {
    case Key::kAuditId:
    case Key::kStage:
      return ReadEssential(key, value, event);
    case Key::kRequestReceived:
      return ReadTime(value, received, event.received_time);
    case Key::kStageTimestamp:
      return ReadTime(value, stage_time, event.stage_time);
    case Key::kTimestamp:
      return ReadTime(value, timestamp, timestamp_value);
    case Key::kLevel: {
      std::string_view level;
      const error_code error = ReadText(value, level);
      event.level = LevelOf(level);
      return error;
    }
    case Key::kVerb:
      return Wants(EventPart::kText) ? ReadText(value, event.verb) : SUCCESS;
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

error_code EventParser::Impl::ReadDocument(std::string_view json, AuditEvent& event) {
  ondemand::document document;
  if (const error_code error =
          parser.iterate(json.data(), json.size(), json.size() + simdjson::SIMDJSON_PADDING)
              .get(document)) {
    return error;
  }
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
    if (const error_code error = TopLevelKey(field, key_scratch, key)) {
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

ParseOutcome EventParser::Parse(std::string_view json, AuditEvent& event) {
  event = AuditEvent();
  event.raw = json;
  impl_->kind = impl_->api_version = {};
  impl_->audit_id = impl_->stage = Presence::kMissing;
  impl_->received = impl_->stage_time = impl_->timestamp = Presence::kMissing;
  impl_->groups.clear();
  impl_->impersonated_groups.clear();
  impl_->source_ips.clear();
  const error_code error = impl_->ReadDocument(json, event);
  wrong_types_ = impl_->wrong_types;
  if (error != SUCCESS) {
    reject_reason_ =
        error == simdjson::INCORRECT_TYPE ? RejectReason::kNotAnObject : RejectReason::kMalformed;
    return ParseOutcome::kRejected;
  }
  event.source_ips = impl_->source_ips;
  return impl_->Finish(event, reject_reason_);
}

}  // namespace hark::parse
