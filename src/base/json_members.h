#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// Walks over the members of JSON objects and the items of arrays by brackets and strings alone
// (base/json_scanner.h): nothing is indexed or copied, so a container of any size costs no memory,
// and one that is cut off can be read up to the cut.
namespace hark {

// White space of JSON at the start and at the end.
std::string_view Trim(std::string_view text);

// Appends what a string reads, given what stands between its quotes. False, and `out` holds only a
// part, if an escape is broken. A lone surrogate reads as U+FFFD, as for the decoders of Go; other
// bytes are copied as they are, UTF-8 or not.
bool AppendUnescaped(std::string_view raw, std::string& out);

inline bool IsString(std::string_view json) {
  return json.size() >= 2 && json.front() == '"' && json.back() == '"';
}
inline bool IsObject(std::string_view json) {
  return !json.empty() && json.front() == '{';
}
inline bool IsArray(std::string_view json) {
  return !json.empty() && json.front() == '[';
}

// What stands between the quotes. REQUIRES: IsString(json).
inline std::string_view Unquoted(std::string_view json) {
  return json.substr(1, json.size() - 2);
}

// What a JSON string reads; empty if it is none, or broken.
std::string TextOf(std::string_view json);

// Does the JSON read this text? Escapes count as what they stand for.
bool Reads(std::string_view json, std::string_view text);

enum class WalkStep : std::uint8_t {
  kValue,   // value() and key() are whole
  kEnd,     // the closing bracket
  kCut,     // the text ends; value() is what is left of the value that it cuts, perhaps nothing
  kBroken,  // no JSON goes on like this
};

// One object or array, member by member, as they are written: duplicates too.
//
//   for (Walk walk(json); walk.Next() == WalkStep::kValue;) { ... walk.key() ... walk.value() ... }
//
// Not thread-safe. Views point into the text that it was given.
class Walk {
 public:
  // REQUIRES: `json` begins with '{' or '['.
  explicit Walk(std::string_view json);
  // Over the items of an array that has lost what comes before them.
  static Walk OverItems(std::string_view items);

  WalkStep Next();

  // What stands between the quotes of the key. Objects only.
  std::string_view raw_key() const { return raw_key_; }
  // The key unescaped; valid until the next call. Objects only.
  std::string_view key();
  // The JSON of the value.
  std::string_view value() const { return value_; }
  // After kEnd: whether nothing but white space follows the closing bracket.
  bool rest_is_blank() const { return Trim(rest_.substr(1)).empty(); }

 private:
  Walk(std::string_view rest, bool is_object) : rest_(rest), is_object_(is_object) {}
  WalkStep NextKey();
  WalkStep NextValue();

  std::string_view rest_;
  bool is_object_;
  bool is_first_ = true;
  std::string_view raw_key_, value_;
  std::string unescaped_key_;
};

// The values of the members of these names, as JSON; empty if there is none, or `json` is no
// object. Of duplicates the last one wins.
template <std::size_t kSize>
std::array<std::string_view, kSize> MembersOf(std::string_view json,
                                              const std::array<std::string_view, kSize>& names) {
  std::array<std::string_view, kSize> values{};
  if (!IsObject(json)) {
    return values;
  }
  for (Walk walk(json); walk.Next() == WalkStep::kValue;) {
    const std::string_view key = walk.key();
    for (std::size_t i = 0; i < kSize; ++i) {
      if (key == names[i]) {
        values[i] = walk.value();
      }
    }
  }
  return values;
}

}  // namespace hark
