#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "absl/base/attributes.h"
#include "simdjson.h"

// What reading an audit event needs on top of simdjson On-Demand: keys are compared unescaped, at
// the price of a raw comparison where nothing is escaped, and texts are not copied.
namespace hark::parse {

namespace ondemand = simdjson::ondemand;
using simdjson::error_code;
using simdjson::SUCCESS;

// The fields of an Event that hark reads, by their JSON keys.
enum class Key : std::uint8_t {
  kUnknown,
  kAnnotations,
  kApiVersion,
  kAuditId,
  kImpersonatedUser,
  kKind,
  kLevel,
  kObjectRef,
  kRequestReceived,
  kRequestUri,
  kResponseStatus,
  kSourceIps,
  kStage,
  kStageTimestamp,
  kTimestamp,
  kUser,
  kUserAgent,
  kVerb,
};

// Does the raw key, which ends at a quote, read `name`? The padding after the JSON text makes
// looking past a shorter key safe.
template <std::size_t kSize>
bool Is(const char* raw, const char (&name)[kSize]) {
  return std::memcmp(raw, name, kSize - 1) == 0 && raw[kSize - 1] == '"';
}

ABSL_ATTRIBUTE_ALWAYS_INLINE inline Key KeyOf(const char* raw) {
  switch (raw[0]) {
    case 'a':
      return Is(raw, "auditID")       ? Key::kAuditId
             : Is(raw, "annotations") ? Key::kAnnotations
             : Is(raw, "apiVersion")  ? Key::kApiVersion
                                      : Key::kUnknown;
    case 'i':
      return Is(raw, "impersonatedUser") ? Key::kImpersonatedUser : Key::kUnknown;
    case 'k':
      return Is(raw, "kind") ? Key::kKind : Key::kUnknown;
    case 'l':
      return Is(raw, "level") ? Key::kLevel : Key::kUnknown;
    case 'o':
      return Is(raw, "objectRef") ? Key::kObjectRef : Key::kUnknown;
    case 'r':
      return Is(raw, "requestURI")                 ? Key::kRequestUri
             : Is(raw, "responseStatus")           ? Key::kResponseStatus
             : Is(raw, "requestReceivedTimestamp") ? Key::kRequestReceived
                                                   : Key::kUnknown;
    case 's':
      return Is(raw, "stage")            ? Key::kStage
             : Is(raw, "sourceIPs")      ? Key::kSourceIps
             : Is(raw, "stageTimestamp") ? Key::kStageTimestamp
                                         : Key::kUnknown;
    case 't':
      return Is(raw, "timestamp") ? Key::kTimestamp : Key::kUnknown;
    case 'u':
      return Is(raw, "user") ? Key::kUser : Is(raw, "userAgent") ? Key::kUserAgent : Key::kUnknown;
    case 'v':
      return Is(raw, "verb") ? Key::kVerb : Key::kUnknown;
    default:
      return Key::kUnknown;
  }
}

// The parts of the nested objects, by their keys. kIgnored ones are known, and therefore not
// searched for escapes, but nobody asks for them.
enum class UserKey : std::uint8_t { kUnknown, kUsername, kUid, kGroups, kExtra };

ABSL_ATTRIBUTE_ALWAYS_INLINE inline UserKey UserKeyOf(const char* raw) {
  switch (raw[0]) {
    case 'u':
      return Is(raw, "username") ? UserKey::kUsername
             : Is(raw, "uid")    ? UserKey::kUid
                                 : UserKey::kUnknown;
    case 'g':
      return Is(raw, "groups") ? UserKey::kGroups : UserKey::kUnknown;
    case 'e':
      return Is(raw, "extra") ? UserKey::kExtra : UserKey::kUnknown;
    default:
      return UserKey::kUnknown;
  }
}

enum class ExtraKey : std::uint8_t { kUnknown, kCredential };

inline ExtraKey ExtraKeyOf(const char* raw) {
  return Is(raw, "authentication.kubernetes.io/credential-id") ? ExtraKey::kCredential
                                                               : ExtraKey::kUnknown;
}

enum class ObjectKey : std::uint8_t {
  kUnknown,
  kIgnored,
  kResource,
  kSubresource,
  kApiGroup,
  kApiVersion,
  kNamespace,
  kName,
};

ABSL_ATTRIBUTE_ALWAYS_INLINE inline ObjectKey ObjectKeyOf(const char* raw) {
  switch (raw[0]) {
    case 'r':
      return Is(raw, "resource")          ? ObjectKey::kResource
             : Is(raw, "resourceVersion") ? ObjectKey::kIgnored
                                          : ObjectKey::kUnknown;
    case 's':
      return Is(raw, "subresource") ? ObjectKey::kSubresource : ObjectKey::kUnknown;
    case 'a':
      return Is(raw, "apiVersion") ? ObjectKey::kApiVersion
             : Is(raw, "apiGroup") ? ObjectKey::kApiGroup
                                   : ObjectKey::kUnknown;
    case 'n':
      return Is(raw, "namespace") ? ObjectKey::kNamespace
             : Is(raw, "name")    ? ObjectKey::kName
                                  : ObjectKey::kUnknown;
    case 'u':
      return Is(raw, "uid") ? ObjectKey::kIgnored : ObjectKey::kUnknown;
    default:
      return ObjectKey::kUnknown;
  }
}

enum class StatusKey : std::uint8_t { kUnknown, kIgnored, kCode, kReason };

ABSL_ATTRIBUTE_ALWAYS_INLINE inline StatusKey StatusKeyOf(const char* raw) {
  switch (raw[0]) {
    case 'c':
      return Is(raw, "code") ? StatusKey::kCode : StatusKey::kUnknown;
    case 'r':
      return Is(raw, "reason") ? StatusKey::kReason : StatusKey::kUnknown;
    case 'm':
      return Is(raw, "metadata") || Is(raw, "message") ? StatusKey::kIgnored : StatusKey::kUnknown;
    case 's':
      return Is(raw, "status") ? StatusKey::kIgnored : StatusKey::kUnknown;
    default:
      return StatusKey::kUnknown;
  }
}

enum class AnnotationKey : std::uint8_t { kUnknown, kDecision };

inline AnnotationKey AnnotationKeyOf(const char* raw) {
  return Is(raw, "authorization.k8s.io/decision") ? AnnotationKey::kDecision
                                                  : AnnotationKey::kUnknown;
}

inline bool KeyHasEscape(const char* raw) {
  while (*raw != '"' && *raw != '\\') {
    ++raw;
  }
  return *raw == '\\';
}

// Which key a field has, by one of the functions above. Only one that is none of the known keys as
// it stands is searched for escapes; `scratch` then holds it unescaped.
template <typename KeyOfRaw>
error_code KeyOfField(ondemand::field& field, KeyOfRaw key_of_raw, std::string& scratch,
                      decltype(key_of_raw(""))& key) {
  const char* raw = field.key().raw();
  key = key_of_raw(raw);
  if (key != decltype(key_of_raw(""))::kUnknown || !KeyHasEscape(raw)) {
    return SUCCESS;
  }
  std::string_view unescaped;
  if (const error_code error = field.unescaped_key().get(unescaped)) {
    return error;
  }
  // A quote inside an unescaped key must not end it early.
  if (unescaped.find('"') == std::string_view::npos) {
    scratch.assign(unescaped);
    scratch.append(simdjson::SIMDJSON_PADDING, '"');
    key = key_of_raw(scratch.data());
  }
  return SUCCESS;
}

// Most texts are short: eight bytes at a time beat a call of memchr.
ABSL_ATTRIBUTE_ALWAYS_INLINE inline bool HasEscape(std::string_view text) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  const auto has_backslash = [](const char* eight) {
    std::uint64_t word = 0;
    std::memcpy(&word, eight, sizeof(word));
    word ^= kOnes * '\\';
    return ((word - kOnes) & ~word & (kOnes * 0x80)) != 0;
  };
  if (text.size() < sizeof(std::uint64_t)) {
    return text.find('\\') != std::string_view::npos;
  }
  const char* const last = text.data() + text.size() - sizeof(std::uint64_t);
  for (const char* p = text.data(); p < last; p += sizeof(std::uint64_t)) {
    if (has_backslash(p)) {
      return true;
    }
  }
  return has_backslash(last);
}

// What stands between the quotes of a string, escapes and all; null data() if the value is none.
ABSL_ATTRIBUTE_ALWAYS_INLINE inline std::string_view RawText(ondemand::value& value) {
  std::string_view token = value.raw_json_token();
  if (token.size() < 2 || token.front() != '"') {
    return {};
  }
  while (token.back() != '"') {  // white space up to the next token
    token.remove_suffix(1);
  }
  return token.substr(1, token.size() - 2);
}

// As get_string(), but a text without escapes is a view of the JSON itself: most are, and are not
// copied then.
ABSL_ATTRIBUTE_ALWAYS_INLINE inline error_code StringOf(ondemand::value& value,
                                                        std::string_view& text) {
  text = RawText(value);
  if (text.data() == nullptr) {
    return simdjson::INCORRECT_TYPE;
  }
  return HasEscape(text) ? value.get_string().get(text) : SUCCESS;
}

}  // namespace hark::parse
