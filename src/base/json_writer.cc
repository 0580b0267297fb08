#include "base/json_writer.h"

#include <array>
#include <charconv>
#include <cstddef>
#include <utility>

#include "base/utf8.h"

namespace hark {
namespace {

// Is the byte written as it is? Bytes of characters beyond ASCII need a closer look.
constexpr std::array<bool, 256> MakePlainBytes() {
  std::array<bool, 256> plain{};
  for (std::size_t byte = 0x20; byte < 0x7f; ++byte) {
    plain.at(byte) = true;
  }
  for (const char special : std::string_view("\"\\<>&")) {
    plain.at(static_cast<unsigned char>(special)) = false;
  }
  return plain;
}
constexpr std::array<bool, 256> kPlainBytes = MakePlainBytes();

std::size_t PlainPrefix(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size() && kPlainBytes[static_cast<unsigned char>(text[size])]) {
    ++size;
  }
  return size;
}

void AppendUnit(std::string& out, unsigned unit) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out.append("\\u");
  for (const unsigned shift : {12U, 8U, 4U, 0U}) {
    out.push_back(kDigits[(unit >> shift) & 0xf]);
  }
}

void AppendNumericEscape(std::string& out, char32_t code_point) {
  if (code_point < 0x10000) {
    AppendUnit(out, static_cast<unsigned>(code_point));
    return;
  }
  const std::uint32_t offset = code_point - 0x10000;
  AppendUnit(out, 0xd800 + (offset >> 10));
  AppendUnit(out, 0xdc00 + (offset & 0x3ff));
}

void AppendEscape(std::string& out, char32_t code_point) {
  constexpr std::string_view kShort = "\"\\\b\f\n\r\t";
  constexpr std::string_view kLetters = "\"\\bfnrt";
  const std::size_t i =
      code_point < 0x80 ? kShort.find(static_cast<char>(code_point)) : std::string_view::npos;
  if (i == std::string_view::npos) {
    AppendNumericEscape(out, code_point);
    return;
  }
  out.push_back('\\');
  out.push_back(kLetters[i]);
}

// Room for the longest number, "-9223372036854775808", and for 18446744073709551615.
using NumberBuffer = std::array<char, 20>;

template <typename Integer>
std::string_view Print(Integer value, NumberBuffer& buffer) {
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), static_cast<std::size_t>(result.ptr - buffer.data())};
}

}  // namespace

JsonWriter& JsonWriter::BeginObject() {
  return Begin('{');
}

JsonWriter& JsonWriter::EndObject() {
  return End('}');
}

JsonWriter& JsonWriter::BeginArray() {
  return Begin('[');
}

JsonWriter& JsonWriter::EndArray() {
  return End(']');
}

JsonWriter& JsonWriter::Key(std::string_view key) {
  Separate();
  Quote(key);
  text_.push_back(':');
  needs_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::String(std::string_view value) {
  Separate();
  Quote(value);
  return *this;
}

JsonWriter& JsonWriter::Unsigned(std::uint64_t value) {
  NumberBuffer buffer{};
  return Value(Print(value, buffer));
}

JsonWriter& JsonWriter::Signed(std::int64_t value) {
  NumberBuffer buffer{};
  return Value(Print(value, buffer));
}

JsonWriter& JsonWriter::Bool(bool value) {
  return Value(value ? "true" : "false");
}

JsonWriter& JsonWriter::Null() {
  return Value("null");
}

JsonWriter& JsonWriter::Raw(std::string_view json) {
  return Value(json);
}

std::string JsonWriter::Take() {
  needs_comma_ = false;
  return std::exchange(text_, {});
}

JsonWriter& JsonWriter::Begin(char bracket) {
  Separate();
  text_.push_back(bracket);
  needs_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::End(char bracket) {
  text_.push_back(bracket);
  needs_comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::Value(std::string_view text) {
  Separate();
  text_.append(text);
  return *this;
}

void JsonWriter::Separate() {
  if (needs_comma_) {
    text_.push_back(',');
  }
  needs_comma_ = true;
}

void JsonWriter::Quote(std::string_view value) {
  text_.push_back('"');
  while (true) {
    const std::size_t plain = PlainPrefix(value);
    text_.append(value.substr(0, plain));
    value.remove_prefix(plain);
    if (value.empty()) {
      break;
    }
    const Utf8Character character = DecodeUtf8(value);
    if (!character.valid) {
      text_.append(kReplacementCharacter);
    } else if (character.code_point < 0x80 || IsInvisible(character.code_point)) {
      AppendEscape(text_, character.code_point);
    } else {
      text_.append(value.substr(0, character.length));
    }
    value.remove_prefix(character.length);
  }
  text_.push_back('"');
}

}  // namespace hark
