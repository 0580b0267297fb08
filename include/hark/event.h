#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace hark {

// When in a request's life an event was written. The order of the values is the order in which
// events of one instant are judged: ResponseStarted comes before the others.
enum class Stage : std::uint8_t { kRequestReceived, kResponseStarted, kResponseComplete, kPanic };

// How much of the request the audit policy asked for. Later values hold more.
enum class Level : std::uint8_t { kNone, kMetadata, kRequest, kRequestResponse };

std::string_view StageName(Stage stage);

// Microseconds since 1970-01-01T00:00:00Z. All of hark's event time is in this unit.
using Micros = std::int64_t;

// The parts of an audit event that rules read often. A part costs time only if it is asked for:
// a parser is told which ones its rules need, and leaves the others empty.
enum class EventPart : std::uint8_t {
  kUser,              // username
  kImpersonatedUser,  // username of the impersonated user
  kSourceIps,
  kObjectRef,
  kResponseStatus,
  kDecision,  // the annotation authorization.k8s.io/decision
  kVerb,
  kText,         // request_uri, user_agent
  kUserDetails,  // uid, groups and credential of both users
  kIdentity,     // audit_id, level; that there is an auditID is judged in any case
};

using EventParts = std::uint32_t;
constexpr EventParts Bit(EventPart part) {
  return EventParts{1} << static_cast<unsigned>(part);
}
constexpr EventParts kAllEventParts = 0x3ff;

// `user` or `impersonatedUser` of an event.
struct UserView {
  std::string_view username;
  std::string_view uid;
  std::string_view credential;  // extra["authentication.kubernetes.io/credential-id"][0]
  std::span<const std::string_view> groups;
};

// One audit event as views into the arena of the parser that made it; nothing is copied.
//
// LIFETIME: every view is valid until the parser is given its next event.
// A text that the event does not have is empty with a null data(); `""` has a non-null one.
struct AuditEvent {
  std::string_view raw;  // the JSON text of the whole event
  std::string_view audit_id;
  std::string_view request_uri;
  std::string_view verb;
  std::string_view user_agent;
  UserView user;
  UserView impersonated;
  std::span<const std::string_view> source_ips;  // as written: the last one is trustworthy
  std::string_view resource, subresource, api_group, api_version, namespace_name, name;
  std::string_view status_reason;
  std::int32_t code = 0;  // responseStatus.code, 0 if absent
  std::string_view decision;
  Stage stage = Stage::kRequestReceived;
  Level level = Level::kNone;
  Micros received_time = 0;  // requestReceivedTimestamp
  Micros stage_time = 0;     // stageTimestamp: the time of the event
};

}  // namespace hark
