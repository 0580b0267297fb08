#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace hark::rules {

// The value of a field in one event, or one member of it.
struct FieldValue {
  enum class Kind : std::uint8_t { kNull, kText, kNumber, kBool };
  Kind kind = Kind::kNull;
  std::string_view text;  // kText; the JSON text of a number; "true" or "false"
  double number = 0;      // kNumber
};

// One value of a selection, compiled. Immutable; safe to share between threads.
//
// Without `cased`, the letters of ASCII compare equal in both cases and all others only with
// themselves: no name that Kubernetes or hark makes has any other.
struct ValueMatcher {
  enum class Kind : std::uint8_t {
    kEquals,  // whole text; as numbers if both parse
    kPrefix,
    kSuffix,
    kContains,  // with an empty text: any value that is not null
    kWildcard,  // * and ? anywhere; `text` is the pattern with \ escaping * ? and itself
    kRegex,     // RE2, unanchored
    kCidr,
    kLess,
    kLessOrEqual,
    kGreater,
    kGreaterOrEqual,
    kNull,  // missing or JSON null
  };
  Kind kind = Kind::kEquals;
  bool cased = false;
  std::string text;  // lower-cased unless `cased`; kRegex: the expression with its flags
  std::optional<double> number;
  std::shared_ptr<const re2::RE2> regex;
  struct Cidr {
    std::array<std::uint8_t, 16> bytes;  // IPv4 as ::ffff:a.b.c.d
    std::uint8_t prefix_length;          // of the 128 bits
  };
  std::optional<Cidr> cidr;

  // Does this one value match? (kNull is judged over all values of the field, by the predicate.)
  // Allocates nothing, but for the cache that RE2 keeps for each expression.
  bool Matches(const FieldValue& value) const;
};

// "10.0.0.0/8", "fd00::/8", or an address alone; nullopt if it is none or has bits set outside
// the network.
std::optional<ValueMatcher::Cidr> ParseCidr(std::string_view text);

std::string Print(const ValueMatcher& matcher);

}  // namespace hark::rules
