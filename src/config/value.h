#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "absl/status/statusor.h"

namespace hark::config {

// What a setting holds. Times are microseconds, sizes bytes, a choice is its place in the list.
using Value = std::variant<bool, std::int64_t, std::string>;

enum class ValueKind : std::uint8_t {
  kText,
  kBool,
  kInteger,
  kDuration,    // 30s
  kBytes,       // 64MiB
  kChoice,      // one of a list of words
  kPath,        // of a file or folder; relative ones of a file are relative to its folder
  kSecretFile,  // the path of a file that holds a secret
  kAddress,     // host:port, [v6]:port or :port
  kUrl,         // http:// or https://, without a user or password in it
};

// Which values a setting takes.
struct ValueType {
  ValueKind kind = ValueKind::kText;
  std::int64_t min = 0;  // of kInteger, kDuration and kBytes
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  std::span<const std::string_view> choices = {};  // of kChoice; they must outlive the type
  bool may_be_empty = false;                       // the kinds that hold text
};

// Is it a path, so that a relative one depends on where it is written?
inline bool IsPath(const ValueType& type) {
  return type.kind == ValueKind::kPath || type.kind == ValueKind::kSecretFile;
}

// "a duration from 1s to 1h, such as 30s": for messages.
std::string Expected(const ValueType& type);

// Fails with the end of a sentence: "must be a duration, such as 30s". The message never holds
// the text itself, which may be a secret. Texts are printable UTF-8, at most 4 KiB: a
// value ends up in log lines, labels and paths.
absl::StatusOr<Value> ParseValue(const ValueType& type, std::string_view text);

// The inverse of ParseValue, in canonical form: "1m30s", "64MiB".
std::string PrintValue(const ValueType& type, const Value& value);

}  // namespace hark::config
