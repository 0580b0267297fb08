#include "base/json_members.h"

#include <cstdint>
#include <optional>

#include "base/json_scanner.h"
#include "base/utf8.h"

namespace hark {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

std::string_view SkipBlanks(std::string_view text) {
  const std::size_t start = text.find_first_not_of(kBlanks);
  return start == std::string_view::npos ? text.substr(text.size()) : text.substr(start);
}

// The four hex digits at text[0].
std::optional<char32_t> HexUnit(std::string_view text) {
  if (text.size() < 4) {
    return std::nullopt;
  }
  char32_t unit = 0;
  for (const char c : text.substr(0, 4)) {
    const char lower = static_cast<char>(c | 0x20);
    if (c >= '0' && c <= '9') {
      unit = unit * 16 + static_cast<char32_t>(c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      unit = unit * 16 + static_cast<char32_t>(lower - 'a' + 10);
    } else {
      return std::nullopt;
    }
  }
  return unit;
}

constexpr char32_t kFirstHigh = 0xd800, kFirstLow = 0xdc00, kAfterLow = 0xe000;

// Appends the character of the \u escape whose digits begin at text[0]. How many bytes it takes, a
// second escape of a pair included; 0 if it is broken.
std::size_t AppendUnicodeEscape(std::string_view text, std::string& out) {
  const std::optional<char32_t> unit = HexUnit(text);
  if (!unit.has_value()) {
    return 0;
  }
  if (*unit < kFirstHigh || *unit >= kAfterLow) {
    AppendUtf8(out, *unit);
    return 4;
  }
  if (*unit < kFirstLow && text.substr(4, 2) == "\\u") {
    const std::optional<char32_t> low = HexUnit(text.substr(6));
    if (low.has_value() && *low >= kFirstLow && *low < kAfterLow) {
      AppendUtf8(out, 0x10000 + ((*unit - kFirstHigh) << 10) + (*low - kFirstLow));
      return 10;
    }
  }
  out += kReplacementCharacter;
  return 4;
}

}  // namespace

std::string_view Trim(std::string_view text) {
  text = SkipBlanks(text);
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

bool AppendUnescaped(std::string_view raw, std::string& out) {
  constexpr std::string_view kLetters = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  while (true) {
    const std::size_t escape = raw.find('\\');
    out.append(raw.substr(0, escape));
    if (escape == std::string_view::npos) {
      return true;
    }
    if (escape + 1 == raw.size()) {
      return false;
    }
    const char letter = raw[escape + 1];
    raw.remove_prefix(escape + 2);
    if (letter == 'u') {
      const std::size_t size = AppendUnicodeEscape(raw, out);
      if (size == 0) {
        return false;
      }
      raw.remove_prefix(size);
      continue;
    }
    const std::size_t i = kLetters.find(letter);
    if (i == std::string_view::npos) {
      return false;
    }
    out.push_back(kMeanings[i]);
  }
}

std::string TextOf(std::string_view json) {
  std::string text;
  if (!IsString(json) || !AppendUnescaped(Unquoted(json), text)) {
    text.clear();
  }
  return text;
}

bool Reads(std::string_view json, std::string_view text) {
  if (!IsString(json)) {
    return false;
  }
  const std::string_view raw = Unquoted(json);
  return raw == text || (raw.find('\\') != std::string_view::npos && TextOf(json) == text);
}

Walk::Walk(std::string_view json) : rest_(json.substr(1)), is_object_(json.front() == '{') {}

Walk Walk::OverItems(std::string_view items) {
  return Walk(items, false);
}

std::string_view Walk::key() {
  if (raw_key_.find('\\') == std::string_view::npos) {
    return raw_key_;
  }
  unescaped_key_.clear();
  return AppendUnescaped(raw_key_, unescaped_key_) ? std::string_view(unescaped_key_) : raw_key_;
}

WalkStep Walk::NextKey() {
  if (rest_.front() != '"') {
    return WalkStep::kBroken;
  }
  const Scan scan = ScanValue(rest_);
  if (scan.end != ScanEnd::kWhole) {
    return scan.end == ScanEnd::kOpen ? WalkStep::kCut : WalkStep::kBroken;
  }
  raw_key_ = rest_.substr(1, scan.length - 2);
  rest_ = SkipBlanks(rest_.substr(scan.length));
  if (rest_.empty()) {
    return WalkStep::kCut;
  }
  if (rest_.front() != ':') {
    return WalkStep::kBroken;
  }
  rest_ = SkipBlanks(rest_.substr(1));
  return rest_.empty() ? WalkStep::kCut : WalkStep::kValue;
}

WalkStep Walk::NextValue() {
  const Scan scan = ScanValue(rest_);
  value_ = rest_.substr(0, scan.length);
  rest_.remove_prefix(scan.length);
  const bool is_word = !IsObject(value_) && !IsArray(value_) && !value_.starts_with('"');
  if (is_word && value_.find_first_of("\"{[\\") != std::string_view::npos) {
    return WalkStep::kBroken;  // something stands before a value: x{"a":1}
  }
  switch (scan.end) {
    case ScanEnd::kWhole:
      return WalkStep::kValue;
    case ScanEnd::kOpen:
      return WalkStep::kCut;
    default:
      return WalkStep::kBroken;
  }
}

WalkStep Walk::Next() {
  value_ = raw_key_ = {};
  rest_ = SkipBlanks(rest_);
  if (rest_.empty()) {
    return WalkStep::kCut;
  }
  const bool at_end = rest_.front() == (is_object_ ? '}' : ']');
  if (at_end) {
    return WalkStep::kEnd;
  }
  if (!is_first_) {
    if (rest_.front() != ',') {
      return WalkStep::kBroken;
    }
    rest_ = SkipBlanks(rest_.substr(1));
    if (rest_.empty()) {
      return WalkStep::kCut;
    }
  }
  is_first_ = false;
  const WalkStep key = is_object_ ? NextKey() : WalkStep::kValue;
  return key == WalkStep::kValue ? NextValue() : key;
}

}  // namespace hark
