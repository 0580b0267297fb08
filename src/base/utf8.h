#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hark {

// What a string begins with. Of invalid UTF-8 `length` is the number of bytes that one U+FFFD
// stands for: the longest beginning of a character that is there, at least one byte.
struct Utf8Character {
  char32_t code_point = 0;
  std::size_t length = 0;
  bool valid = false;
};

// REQUIRES: !text.empty(). Overlong forms, surrogates and values over U+10FFFF are invalid.
Utf8Character DecodeUtf8(std::string_view text);

// Appends the character. REQUIRES: code_point is a Unicode scalar value.
void AppendUtf8(std::string& text, char32_t code_point);

// Control characters (C0, DEL, C1), line and paragraph separators, bidirectional controls, and
// other characters that show nothing but may change how the text around them is shown.
bool IsInvisible(char32_t code_point);

// U+FFFD in UTF-8.
constexpr std::string_view kReplacementCharacter = "\xef\xbf\xbd";

}  // namespace hark
