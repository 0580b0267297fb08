#include "config/value.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <system_error>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

#include "base/byte_size.h"
#include "base/rfc3339.h"
#include "base/status_macros.h"
#include "base/utf8.h"

namespace hark::config {
namespace {

constexpr std::size_t kMaxTextBytes = 4096;
constexpr std::int64_t kMaxPort = 65535;

std::optional<std::int64_t> ParseInteger(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

std::optional<std::int64_t> ParseNumber(ValueKind kind, std::string_view text) {
  switch (kind) {
    case ValueKind::kDuration:
      return ParseDuration(text);
    case ValueKind::kBytes:
      return ParseByteSize(text);
    default:
      return ParseInteger(text);
  }
}

std::string PrintNumber(ValueKind kind, std::int64_t number) {
  switch (kind) {
    case ValueKind::kDuration:
      return FormatDuration(number);
    case ValueKind::kBytes:
      return FormatByteSize(number);
    default:
      return absl::StrFormat("%d", number);
  }
}

// " from 1s to 1h", " of at least 1s", or nothing.
std::string Range(const ValueType& type) {
  if (type.max != std::numeric_limits<std::int64_t>::max()) {
    return absl::StrFormat(" from %s to %s", PrintNumber(type.kind, type.min),
                           PrintNumber(type.kind, type.max));
  }
  return absl::StrFormat(" of at least %s", PrintNumber(type.kind, type.min));
}

// host:port, where a host with colons stands in brackets. Whether the host exists is seen later.
bool IsAddress(std::string_view text) {
  constexpr std::string_view kNameCharacters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
  constexpr std::string_view kV6Characters = "0123456789abcdefABCDEF:.";
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return false;
  }
  const std::string_view port_text = text.substr(colon + 1);
  const std::optional<std::int64_t> port = ParseInteger(port_text);
  if (!port.has_value() || *port < 0 || *port > kMaxPort || port_text.starts_with('-')) {
    return false;
  }
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    return !host.empty() && host.find_first_not_of(kV6Characters) == std::string_view::npos;
  }
  return host.find_first_not_of(kNameCharacters) == std::string_view::npos;
}

// Whether the host exists is seen later.
bool IsUrl(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (text.starts_with(scheme)) {
      const std::string_view authority =
          text.substr(scheme.size(), text.find_first_of("/?#", scheme.size()) - scheme.size());
      return !authority.empty() && !authority.starts_with(':') &&
             authority.find('@') == std::string_view::npos &&
             text.find_first_of(" \"<>\\^`{|}") == std::string_view::npos;
    }
  }
  return false;
}

bool IsPrintable(std::string_view text) {
  while (!text.empty()) {
    const Utf8Character character = DecodeUtf8(text);
    if (!character.valid || IsInvisible(character.code_point)) {
      return false;
    }
    text.remove_prefix(character.length);
  }
  return true;
}

absl::Status CheckText(const ValueType& type, std::string_view text) {
  if (text.empty() && type.may_be_empty) {
    return absl::OkStatus();
  }
  if (text.empty()) {
    return InvalidArgument("must not be empty");
  }
  if (text.size() > kMaxTextBytes) {
    return InvalidArgument("is longer than %d bytes", kMaxTextBytes);
  }
  if (!IsPrintable(text)) {
    return InvalidArgument("must be printable UTF-8");
  }
  if (type.kind == ValueKind::kAddress && !IsAddress(text)) {
    return InvalidArgument("must be %s", Expected(type));
  }
  if (type.kind == ValueKind::kUrl && !IsUrl(text)) {
    return InvalidArgument("must be %s", Expected(type));
  }
  return absl::OkStatus();
}

}  // namespace

std::string Expected(const ValueType& type) {
  switch (type.kind) {
    case ValueKind::kText:
      return "text";
    case ValueKind::kBool:
      return "true or false";
    case ValueKind::kInteger:
      return "an integer" + Range(type);
    case ValueKind::kDuration:
      return "a duration" + Range(type) + ", such as 30s";
    case ValueKind::kBytes:
      return "a size" + Range(type) + ", such as 64MiB";
    case ValueKind::kChoice:
      return "one of " +
             absl::StrJoin(type.choices, ", ",
                           [](std::string* out, std::string_view choice) { out->append(choice); });
    case ValueKind::kPath:
      return "a path";
    case ValueKind::kSecretFile:
      return "the path of a file";
    case ValueKind::kAddress:
      return "an address, such as 127.0.0.1:9881 or :9881";
    case ValueKind::kUrl:
      return "a URL, such as https://example.com/alerts, without a user or password in it";
  }
  return "";
}

absl::StatusOr<Value> ParseValue(const ValueType& type, std::string_view text) {
  switch (type.kind) {
    case ValueKind::kBool:
      if (text != "true" && text != "false") {
        break;
      }
      return Value(text == "true");
    case ValueKind::kInteger:
    case ValueKind::kDuration:
    case ValueKind::kBytes: {
      const std::optional<std::int64_t> number = ParseNumber(type.kind, text);
      if (!number.has_value() || *number < type.min || *number > type.max) {
        break;
      }
      return Value(*number);
    }
    case ValueKind::kChoice: {
      const auto choice = std::find(type.choices.begin(), type.choices.end(), text);
      if (choice == type.choices.end()) {
        break;
      }
      return Value(std::int64_t{choice - type.choices.begin()});
    }
    case ValueKind::kText:
    case ValueKind::kPath:
    case ValueKind::kSecretFile:
    case ValueKind::kAddress:
    case ValueKind::kUrl:
      RETURN_IF_ERROR(CheckText(type, text));
      return Value(std::string(text));
  }
  return InvalidArgument("must be %s", Expected(type));
}

std::string PrintValue(const ValueType& type, const Value& value) {
  if (const bool* const flag = std::get_if<bool>(&value)) {
    return *flag ? "true" : "false";
  }
  if (const std::int64_t* const number = std::get_if<std::int64_t>(&value)) {
    return type.kind == ValueKind::kChoice
               ? std::string(type.choices[static_cast<std::size_t>(*number)])
               : PrintNumber(type.kind, *number);
  }
  return std::get<std::string>(value);
}

}  // namespace hark::config
