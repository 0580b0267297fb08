#include "base/json_scanner.h"

#include <array>

namespace hark {
namespace {

constexpr std::array<bool, 256> MakeTable(std::string_view members) {
  std::array<bool, 256> table{};
  for (const char c : members) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}

// What ends a run of bytes of no interest, within a string and outside of one.
constexpr std::array<bool, 256> kInString = MakeTable("\"\\\n");
constexpr std::array<bool, 256> kOutside = MakeTable("\"{}[]\n");
constexpr std::array<bool, 256> kBlank = MakeTable(" \t\r\n");
constexpr std::array<bool, 256> kAfterWord = MakeTable(" \t\r\n,]}:");

bool Is(const std::array<bool, 256>& table, char c) {
  return table[static_cast<unsigned char>(c)];
}

std::size_t SkipBlanks(std::string_view text, std::size_t at) {
  while (at < text.size() && Is(kBlank, text[at])) {
    ++at;
  }
  return at;
}

bool IsRecordListKey(std::string_view quoted) {
  return quoted == "\"items\"" || quoted == "\"records\"" || quoted == "\"Records\"" ||
         quoted == "\"logEvents\"";
}

// A string that begins at text[0], with its quotes. A line feed breaks it.
Scan ScanString(std::string_view text) {
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return {.end = ScanEnd::kWhole, .length = at + 1};
    } else if (text[at] == '\n') {
      return {.end = ScanEnd::kCutOff, .length = at};
    }
  }
  return {.end = ScanEnd::kOpen, .length = text.size()};
}

}  // namespace

void JsonScanner::Reset() {
  ResetWithin("");
}

void JsonScanner::ResetWithin(std::string_view brackets) {
  is_object_.clear();
  for (const char bracket : brackets) {
    is_object_.push_back(bracket == '{');
  }
  in_string_ = escaped_ = line_started_ = false;
  last_ = brackets.empty() ? '\0' : brackets.back();
}

std::size_t JsonScanner::PassString(std::string_view piece, std::size_t at) {
  for (; at < piece.size(); ++at) {
    if (escaped_) {
      escaped_ = false;
      if (piece[at] != '\n') {
        continue;
      }
    }
    while (at < piece.size() && !Is(kInString, piece[at])) {
      ++at;
    }
    if (at == piece.size() || piece[at] != '\\') {
      return at;
    }
    escaped_ = true;
  }
  return at;
}

bool JsonScanner::MayBeginObject() const {
  return is_object_.empty() || last_ == ':' ||
         (!is_object_.back() && (last_ == '[' || last_ == ','));
}

Scan JsonScanner::Close(std::string_view piece, std::size_t at) {
  const bool fits = !is_object_.empty() && is_object_.back() == (piece[at] == '}');
  if (!fits) {
    const std::size_t line_end = piece.find('\n', at);
    return {.end = ScanEnd::kWrong,
            .length = line_end == std::string_view::npos ? piece.size() : line_end};
  }
  is_object_.pop_back();
  return {.end = is_object_.empty() ? ScanEnd::kWhole : ScanEnd::kOpen, .length = at + 1};
}

Scan JsonScanner::Feed(std::string_view piece) {
  std::size_t at = 0;
  while (at < piece.size()) {
    if (in_string_) {
      at = PassString(piece, at);
      if (at == piece.size()) {
        break;
      }
      if (piece[at] == '\n') {
        return {.end = ScanEnd::kCutOff, .length = at};
      }
      in_string_ = false;
      last_ = '"';
      ++at;
      continue;
    }
    const char c = piece[at];
    if (!Is(kOutside, c)) {
      line_started_ = false;
      last_ = Is(kBlank, c) ? last_ : c;
      ++at;
      continue;
    }
    if (c == '{' && line_started_ && !MayBeginObject()) {
      // The line feed may have been the last byte of the piece before.
      return {.end = ScanEnd::kCutOff, .length = at > 0 ? at - 1 : 0};
    }
    line_started_ = c == '\n';
    if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      if (is_object_.size() == kMaxDepth) {
        return {.end = ScanEnd::kTooDeep, .length = at};
      }
      is_object_.push_back(c == '{');
      last_ = c;
    } else if (c != '\n') {
      last_ = c;
      const Scan closed = Close(piece, at);
      if (closed.end != ScanEnd::kOpen) {
        return closed;
      }
    }
    ++at;
  }
  return {.end = ScanEnd::kOpen, .length = piece.size()};
}

Scan ScanContainer(std::string_view text) {
  JsonScanner scanner;
  scanner.Reset();
  return scanner.Feed(text);
}

Scan ScanValue(std::string_view text) {
  if (text.empty()) {
    return {};
  }
  if (text.front() == '{' || text.front() == '[') {
    return ScanContainer(text);
  }
  if (text.front() == '"') {
    return ScanString(text);
  }
  std::size_t length = 0;
  while (length < text.size() && !Is(kAfterWord, text[length])) {
    ++length;
  }
  return {.end = length == text.size() ? ScanEnd::kOpen
                 : length == 0         ? ScanEnd::kWrong
                                       : ScanEnd::kWhole,
          .length = length};
}

std::size_t FindRecordList(std::string_view text) {
  constexpr std::size_t kNone = std::string_view::npos;
  std::size_t at = SkipBlanks(text, 0);
  if (at == text.size() || text[at] == '[') {
    return at == text.size() ? kNone : at + 1;
  }
  if (text[at] != '{') {
    return kNone;
  }
  while (true) {
    // After the '{' or the ',' comes "key" : value.
    at = SkipBlanks(text, at + 1);
    if (at >= text.size() || text[at] != '"') {
      return kNone;
    }
    const Scan key = ScanString(text.substr(at));
    const std::string_view quoted = text.substr(at, key.length);
    at = SkipBlanks(text, at + key.length);
    if (key.end != ScanEnd::kWhole || at >= text.size() || text[at] != ':') {
      return kNone;
    }
    at = SkipBlanks(text, at + 1);
    if (at >= text.size()) {
      return kNone;
    }
    if (text[at] == '[' && IsRecordListKey(quoted)) {
      return at + 1;
    }
    const Scan value = ScanValue(text.substr(at));
    at = SkipBlanks(text, at + value.length);
    if (value.end != ScanEnd::kWhole || at >= text.size() || text[at] != ',') {
      return kNone;
    }
  }
}

}  // namespace hark
