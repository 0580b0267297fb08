#include "base/utf8.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace hark {
namespace {

// What may follow a leading byte: `length` - 1 more bytes, the first of them from `low` to `high`
// and the others from 0x80 to 0xBF (The Unicode Standard, table 3-7).
struct Lead {
  std::size_t length = 0;  // 0: no character begins with this byte
  unsigned low = 0x80;
  unsigned high = 0xbf;
};

Lead LeadOf(unsigned byte) {
  if (byte < 0xc2 || byte > 0xf4) {
    return {};
  }
  if (byte < 0xe0) {
    return {.length = 2};
  }
  if (byte < 0xf0) {
    return {.length = 3, .low = byte == 0xe0 ? 0xa0U : 0x80U, .high = byte == 0xed ? 0x9fU : 0xbfU};
  }
  return {.length = 4, .low = byte == 0xf0 ? 0x90U : 0x80U, .high = byte == 0xf4 ? 0x8fU : 0xbfU};
}

struct CodePoints {
  char32_t first, last;
};

// Sorted. Control characters, Unicode's format characters (Cf) but for the visible Arabic and
// Kaithi number signs, separators of lines, fillers and variation selectors.
constexpr std::array<CodePoints, 21> kInvisible = {{
    {0x0000, 0x001f},   {0x007f, 0x009f},   {0x00ad, 0x00ad},   {0x034f, 0x034f},
    {0x061c, 0x061c},   {0x115f, 0x1160},   {0x17b4, 0x17b5},   {0x180b, 0x180f},
    {0x200b, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},   {0x3164, 0x3164},
    {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffb},
    {0xfffe, 0xffff},   {0x13430, 0x1345f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
    {0xe0000, 0xe0fff},
}};

}  // namespace

Utf8Character DecodeUtf8(std::string_view text) {
  const auto byte_at = [&](std::size_t i) -> unsigned {
    return static_cast<unsigned char>(text[i]);
  };
  const unsigned first = byte_at(0);
  if (first < 0x80) {
    return {.code_point = first, .length = 1, .valid = true};
  }
  const Lead lead = LeadOf(first);
  if (lead.length == 0) {
    return {.length = 1};
  }
  char32_t code_point = first & (0x7fU >> lead.length);
  for (std::size_t i = 1; i < lead.length; ++i) {
    const unsigned low = i == 1 ? lead.low : 0x80;
    const unsigned high = i == 1 ? lead.high : 0xbf;
    if (i == text.size() || byte_at(i) < low || byte_at(i) > high) {
      return {.length = i};
    }
    code_point = (code_point << 6) | (byte_at(i) & 0x3f);
  }
  return {.code_point = code_point, .length = lead.length, .valid = true};
}

void AppendUtf8(std::string& text, char32_t code_point) {
  const auto continuation = [&](unsigned shift) {
    text.push_back(static_cast<char>(0x80 | ((code_point >> shift) & 0x3f)));
  };
  if (code_point < 0x80) {
    text.push_back(static_cast<char>(code_point));
  } else if (code_point < 0x800) {
    text.push_back(static_cast<char>(0xc0 | (code_point >> 6)));
    continuation(0);
  } else if (code_point < 0x10000) {
    text.push_back(static_cast<char>(0xe0 | (code_point >> 12)));
    continuation(6);
    continuation(0);
  } else {
    text.push_back(static_cast<char>(0xf0 | (code_point >> 18)));
    continuation(12);
    continuation(6);
    continuation(0);
  }
}

bool IsInvisible(char32_t code_point) {
  const auto range = std::lower_bound(
      kInvisible.begin(), kInvisible.end(), code_point,
      [](const CodePoints& candidate, char32_t value) { return candidate.last < value; });
  return range != kInvisible.end() && range->first <= code_point;
}

}  // namespace hark
