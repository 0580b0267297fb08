#include "rules/value_matcher.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <system_error>

#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"

#include "re2/re2.h"
#include "rules/number.h"

namespace hark::rules {
namespace {

using Kind = ValueMatcher::Kind;
using Address = std::array<std::uint8_t, 16>;

constexpr std::array<std::uint8_t, 12> kIpv4Prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr unsigned kIpv4PrefixBits = 96;

char Fold(char c, bool cased) {
  return !cased && c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Is `text` equal to `wanted`, which is in lower case unless `cased`?
bool Equal(std::string_view text, std::string_view wanted, bool cased) {
  return std::equal(text.begin(), text.end(), wanted.begin(), wanted.end(),
                    [cased](char a, char b) { return Fold(a, cased) == b; });
}

bool ContainsText(std::string_view text, std::string_view wanted, bool cased) {
  if (wanted.empty()) {
    return true;
  }
  for (std::size_t i = 0; i + wanted.size() <= text.size(); ++i) {
    if (Fold(text[i], cased) == wanted[0] && Equal(text.substr(i, wanted.size()), wanted, cased)) {
      return true;
    }
  }
  return false;
}

// The place after the UTF-8 character at `position`: `?` stands for a character, not a byte.
std::size_t NextCharacter(std::string_view text, std::size_t position) {
  do {
    ++position;
  } while (position < text.size() && (static_cast<unsigned char>(text[position]) & 0xc0) == 0x80);
  return position;
}

// Only the last `*` is ever tried again, because an earlier one that took more would leave the
// later ones less: O(text * pattern), without recursion.
bool MatchesWildcard(std::string_view text, std::string_view pattern, bool cased) {
  constexpr std::size_t kNone = std::string_view::npos;
  std::size_t at = 0;
  std::size_t wanted = 0;
  std::size_t star = kNone;  // the pattern after the last star
  std::size_t star_at = 0;   // how far that star reaches
  while (at < text.size()) {
    if (wanted < pattern.size() && pattern[wanted] == '*') {
      star = ++wanted;
      star_at = at;
      continue;
    }
    if (wanted < pattern.size() && pattern[wanted] == '?') {
      ++wanted;
      at = NextCharacter(text, at);
      continue;
    }
    const bool escaped = wanted + 1 < pattern.size() && pattern[wanted] == '\\';
    const std::size_t literal = wanted + (escaped ? 1 : 0);
    if (literal < pattern.size() && Fold(text[at], cased) == pattern[literal]) {
      wanted = literal + 1;
      ++at;
      continue;
    }
    if (star == kNone) {
      return false;
    }
    wanted = star;
    star_at = NextCharacter(text, star_at);
    at = star_at;
  }
  return pattern.find_first_not_of('*', wanted) == kNone;
}

std::optional<Address> ParseAddress(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  if (text.size() >= buffer.size() || text.find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  std::copy(text.begin(), text.end(), buffer.begin());
  Address address{};
  if (inet_pton(AF_INET6, buffer.data(), address.data()) == 1) {
    return address;
  }
  std::copy(kIpv4Prefix.begin(), kIpv4Prefix.end(), address.begin());
  if (inet_pton(AF_INET, buffer.data(), address.data() + kIpv4Prefix.size()) == 1) {
    return address;
  }
  return std::nullopt;
}

bool IsIpv4(const Address& address) {
  return std::equal(kIpv4Prefix.begin(), kIpv4Prefix.end(), address.begin());
}

// The bits of byte `index` that belong to a network of that length.
std::uint8_t NetworkMask(std::size_t index, unsigned prefix_length) {
  const std::size_t first_bit = index * 8;
  if (first_bit >= prefix_length) {
    return 0;
  }
  const std::size_t bits = std::min<std::size_t>(8, prefix_length - first_bit);
  return static_cast<std::uint8_t>(0xff00u >> bits);
}

bool InNetwork(const ValueMatcher::Cidr& network, std::string_view text) {
  const std::optional<Address> address = ParseAddress(text);
  if (!address.has_value()) {
    return false;
  }
  // ::/0 is all of IPv6; that hark keeps IPv4 inside of it is no business of a rule.
  if (network.prefix_length < kIpv4PrefixBits && IsIpv4(*address)) {
    return false;
  }
  for (std::size_t i = 0; i < address->size(); ++i) {
    if (((*address)[i] & NetworkMask(i, network.prefix_length)) != network.bytes[i]) {
      return false;
    }
  }
  return true;
}

std::optional<double> NumberOf(const FieldValue& value) {
  return value.kind == FieldValue::Kind::kNumber ? value.number : ParseNumber(value.text);
}

bool EqualsValue(const ValueMatcher& matcher, const FieldValue& value) {
  if (Equal(value.text, matcher.text, matcher.cased)) {
    return true;
  }
  return matcher.number.has_value() && NumberOf(value) == matcher.number;
}

bool Compare(Kind kind, double value, double limit) {
  switch (kind) {
    case Kind::kLess:
      return value < limit;
    case Kind::kLessOrEqual:
      return value <= limit;
    case Kind::kGreater:
      return value > limit;
    default:
      return value >= limit;
  }
}

std::string_view KindName(Kind kind) {
  switch (kind) {
    case Kind::kEquals:
      return "=";
    case Kind::kPrefix:
      return "starts with";
    case Kind::kSuffix:
      return "ends with";
    case Kind::kContains:
      return "contains";
    case Kind::kWildcard:
      return "like";
    case Kind::kRegex:
      return "matches";
    case Kind::kCidr:
      return "in network";
    case Kind::kLess:
      return "<";
    case Kind::kLessOrEqual:
      return "<=";
    case Kind::kGreater:
      return ">";
    case Kind::kGreaterOrEqual:
      return ">=";
    case Kind::kNull:
      return "is null";
  }
  return "";
}

}  // namespace

bool ValueMatcher::Matches(const FieldValue& value) const {
  if (kind == Kind::kNull || value.kind == FieldValue::Kind::kNull) {
    return kind == Kind::kNull && value.kind == FieldValue::Kind::kNull;
  }
  switch (kind) {
    case Kind::kEquals:
      return EqualsValue(*this, value);
    case Kind::kPrefix:
      return Equal(value.text.substr(0, text.size()), text, cased);
    case Kind::kSuffix:
      return value.text.size() >= text.size() &&
             Equal(value.text.substr(value.text.size() - text.size()), text, cased);
    case Kind::kContains:
      return ContainsText(value.text, text, cased);
    case Kind::kWildcard:
      return MatchesWildcard(value.text, text, cased);
    case Kind::kRegex:
      return regex != nullptr &&
             regex->Match(re2::StringPiece(value.text.data(), value.text.size()), 0,
                          value.text.size(), re2::RE2::UNANCHORED, nullptr, 0);
    case Kind::kCidr:
      return cidr.has_value() && InNetwork(*cidr, value.text);
    default: {
      const std::optional<double> actual = NumberOf(value);
      return actual.has_value() && number.has_value() && Compare(kind, *actual, *number);
    }
  }
}

std::optional<ValueMatcher::Cidr> ParseCidr(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view address_text = text.substr(0, slash);
  const std::optional<Address> address = ParseAddress(address_text);
  if (!address.has_value()) {
    return std::nullopt;
  }
  const bool dotted = address_text.find(':') == std::string_view::npos;
  const unsigned offset = dotted ? kIpv4PrefixBits : 0;
  unsigned length = 128;
  if (slash != std::string_view::npos) {
    const char* const end = text.data() + text.size();
    unsigned given = 0;
    const auto [stop, error] = std::from_chars(text.data() + slash + 1, end, given);
    if (error != std::errc() || stop != end || given > 128 - offset) {
      return std::nullopt;
    }
    length = given + offset;
  }
  for (std::size_t i = 0; i < address->size(); ++i) {
    if (((*address)[i] & NetworkMask(i, length)) != (*address)[i]) {
      return std::nullopt;
    }
  }
  return ValueMatcher::Cidr{*address, static_cast<std::uint8_t>(length)};
}

std::string Print(const ValueMatcher& matcher) {
  std::string result(KindName(matcher.kind));
  switch (matcher.kind) {
    case Kind::kNull:
      return result;
    case Kind::kCidr:
      return absl::StrFormat("%s %s", result, matcher.text);
    case Kind::kLess:
    case Kind::kLessOrEqual:
    case Kind::kGreater:
    case Kind::kGreaterOrEqual:
      return absl::StrFormat("%s %s", result, FormatNumber(matcher.number.value_or(0)));
    default:
      break;
  }
  if (matcher.cased && matcher.kind != Kind::kRegex) {
    result = "cased " + result;
  }
  return absl::StrFormat("%s \"%s\"", result, absl::Utf8SafeCEscape(matcher.text));
}

}  // namespace hark::rules
