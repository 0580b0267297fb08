#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

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

inline Key KeyOf(const char* raw) {
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

// The length of a raw key if it holds no escape, else nullopt.
inline std::optional<std::size_t> PlainLength(const char* raw) {
  for (std::size_t i = 0;; ++i) {
    if (raw[i] == '"') {
      return i;
    }
    if (raw[i] == '\\') {
      return std::nullopt;
    }
  }
}

// Which of `names` the key of the field is, or kSize if none. Only a key that is none of them as
// it stands is searched for escapes.
template <std::size_t kSize>
error_code IndexOfKey(ondemand::field& field, const std::array<std::string_view, kSize>& names,
                      std::size_t& index) {
  const char* raw = field.key().raw();
  for (index = 0; index < kSize; ++index) {
    const std::string_view name = names[index];
    if (std::memcmp(raw, name.data(), name.size()) == 0 && raw[name.size()] == '"') {
      return SUCCESS;
    }
  }
  if (PlainLength(raw)) {
    return SUCCESS;
  }
  std::string_view key;
  const error_code error = field.unescaped_key().get(key);
  for (index = 0; index < kSize && key != names[index]; ++index) {
  }
  return error;
}

// As KeyOf, for a key that may be escaped.
inline error_code TopLevelKey(ondemand::field& field, std::string& scratch, Key& key) {
  const char* raw = field.key().raw();
  key = KeyOf(raw);
  if (key != Key::kUnknown || PlainLength(raw)) {
    return SUCCESS;
  }
  std::string_view unescaped;
  if (const error_code error = field.unescaped_key().get(unescaped)) {
    return error;
  }
  // A quote or a NUL inside an unescaped key must not end it early.
  if (unescaped.find_first_of(std::string_view("\"\0", 2)) != std::string_view::npos) {
    return SUCCESS;
  }
  scratch.assign(unescaped);
  scratch.append(simdjson::SIMDJSON_PADDING, '"');
  key = KeyOf(scratch.data());
  return SUCCESS;
}

// As get_string(), but a text without escapes is a view of the JSON itself: most are, and are not
// copied then.
inline error_code StringOf(ondemand::value& value, std::string_view& text) {
  const std::string_view token = value.raw_json_token();
  if (token.empty() || token.front() != '"') {
    return simdjson::INCORRECT_TYPE;
  }
  const std::size_t close = token.find_last_of('"');
  const std::string_view plain = token.substr(1, close - 1);
  if (close > 0 && plain.find('\\') == std::string_view::npos) {
    text = plain;
    return SUCCESS;
  }
  return value.get_string().get(text);
}

}  // namespace hark::parse
