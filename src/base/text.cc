#include "base/text.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_format.h"

#include "base/codec.h"
#include "base/hash128.h"
#include "base/utf8.h"

namespace hark {
namespace {

constexpr std::size_t kMaxKeyBytes = 256;
constexpr std::size_t kShortenedKeyBytes = 200;
constexpr std::size_t kMaxUtf8Bytes = 4;

struct Range {
  char32_t first, last;
};

// Sorted, in blocks: a terminal's own table is finer, and a mark that is counted wrongly only
// shifts the rest of its row.
constexpr std::array<Range, 18> kWide = {{
    {0x1100, 0x115f},
    {0x231a, 0x231b},
    {0x2329, 0x232a},
    {0x23e9, 0x23ec},
    {0x2e80, 0x303e},
    {0x3041, 0x4dbf},
    {0x4e00, 0xa4cf},
    {0xa960, 0xa97c},
    {0xac00, 0xd7a3},
    {0xf900, 0xfaff},
    {0xfe10, 0xfe19},
    {0xfe30, 0xfe6f},
    {0xff00, 0xff60},
    {0xffe0, 0xffe6},
    {0x16fe0, 0x1b2ff},
    {0x1f300, 0x1f64f},
    {0x1f680, 0x1faff},
    {0x20000, 0x3fffd},
}};
constexpr std::array<Range, 8> kCombining = {{
    {0x0300, 0x036f},
    {0x0483, 0x0489},
    {0x0591, 0x05bd},
    {0x064b, 0x065f},
    {0x1ab0, 0x1aff},
    {0x1dc0, 0x1dff},
    {0x20d0, 0x20ff},
    {0xfe20, 0xfe2f},
}};

template <std::size_t kSize>
bool Contains(const std::array<Range, kSize>& ranges, char32_t code_point) {
  return std::any_of(ranges.begin(), ranges.end(), [&](const Range& range) {
    return range.first <= code_point && code_point <= range.last;
  });
}

bool IsContinuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

void AppendEscaped(std::string& out, char32_t code_point) {
  const auto number = static_cast<std::uint32_t>(code_point);
  switch (code_point) {
    case '\n':
      out.append("\\n");
      return;
    case '\r':
      out.append("\\r");
      return;
    case '\t':
      out.append("\\t");
      return;
    default:
      break;
  }
  if (number < 0x100) {
    absl::StrAppendFormat(&out, "\\x%02x", number);
  } else if (number < 0x10000) {
    absl::StrAppendFormat(&out, "\\u%04x", number);
  } else {
    absl::StrAppendFormat(&out, "\\U%08x", number);
  }
}

}  // namespace

std::string_view CutUtf8(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) {
    return text;
  }
  // Where the character that crosses the limit begins. Nothing that is further away can cross it,
  // so that a text of continuation bytes only is not cut to nothing.
  std::size_t begin = max_bytes;
  while (begin > 0 && max_bytes - begin < kMaxUtf8Bytes - 1 && IsContinuation(text[begin])) {
    --begin;
  }
  const Utf8Character character = DecodeUtf8(text.substr(begin));
  const bool crosses = character.valid && begin + character.length > max_bytes;
  return text.substr(0, crosses ? begin : max_bytes);
}

std::string KeyValue(std::string_view value) {
  if (value.size() <= kMaxKeyBytes) {
    return std::string(value);
  }
  std::string key(CutUtf8(value, kShortenedKeyBytes));
  key.push_back('#');
  key.append(ToHex(HashParts({value})));
  return key;
}

std::string GroupKey(std::string_view cluster, const std::vector<GroupValue>& group) {
  ByteWriter writer;
  writer.Text(cluster);
  for (const GroupValue& value : group) {
    writer.OptionalText(value);
  }
  return writer.Take();
}

std::string EscapeForTerminal(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Utf8Character character = DecodeUtf8(text);
    if (!character.valid) {
      out.append(kReplacementCharacter);
    } else if (IsInvisible(character.code_point)) {
      AppendEscaped(out, character.code_point);
    } else {
      out.append(text.substr(0, character.length));
    }
    text.remove_prefix(character.length);
  }
  return out;
}

std::size_t TerminalWidth(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const Utf8Character character = DecodeUtf8(text);
    width += TerminalWidthOf(character.code_point);
    text.remove_prefix(character.length);
  }
  return width;
}

std::size_t TerminalWidthOf(char32_t code_point) {
  if (code_point < kCombining.front().first) {
    return 1;
  }
  if (Contains(kCombining, code_point)) {
    return 0;
  }
  return Contains(kWide, code_point) ? 2 : 1;
}

}  // namespace hark
