#pragma once

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
struct ValueMatcher {
  enum class Kind : std::uint8_t {
    kEquals,    // whole text; as numbers if both parse
    kPrefix,
    kSuffix,
    kContains,
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
  std::string text;  // lower-cased unless `cased`
  std::optional<double> number;
  std::shared_ptr<const re2::RE2> regex;
  struct Cidr {
    std::uint8_t bytes[16];  // IPv4 as ::ffff:a.b.c.d
    std::uint8_t prefix_length;
  };
  std::optional<Cidr> cidr;

  // Does this one value match? (kNull is judged over all values of the field, by the predicate.)
  // Allocates nothing.
  bool Matches(const FieldValue& value) const;
};

std::string Print(const ValueMatcher& matcher);

}  // namespace hark::rules
