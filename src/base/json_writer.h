#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hark {

// Writes one JSON document without white space, keys in the order in which they are given:
// the bytes of a canonical alert depend on it. Invalid UTF-8 becomes U+FFFD. Control and other
// invisible characters (U+2028, U+2029, bidirectional overrides: base/utf8.h), '<', '>' and '&'
// are escaped, so that a line is safe in a log, on a terminal and in HTML. The caller keeps
// beginnings and ends in balance. Not thread-safe.
class JsonWriter {
 public:
  JsonWriter& BeginObject();
  JsonWriter& EndObject();
  JsonWriter& BeginArray();
  JsonWriter& EndArray();
  JsonWriter& Key(std::string_view key);
  JsonWriter& String(std::string_view value);
  JsonWriter& Unsigned(std::uint64_t value);
  JsonWriter& Signed(std::int64_t value);
  JsonWriter& Bool(bool value);
  JsonWriter& Null();
  // A value that is JSON already, written as it is.
  JsonWriter& Raw(std::string_view json);

  const std::string& text() const { return text_; }
  std::string Take();

 private:
  JsonWriter& Begin(char bracket);
  JsonWriter& End(char bracket);
  JsonWriter& Value(std::string_view text);
  void Separate();
  void Quote(std::string_view value);

  std::string text_;
  bool needs_comma_ = false;
};

}  // namespace hark
