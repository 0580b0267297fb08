#include "base/record_scan.h"

#include <algorithm>

#include "base/json_scanner.h"

namespace hark {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool IsBlank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

std::size_t SkipSeparators(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    const char c = text[at];
    if (IsBlank(c) || c == ',' || c == ']' || c == '}') {
      ++at;
    } else if (c == kByteOrderMark.front() && text.substr(at).starts_with(kByteOrderMark)) {
      at += kByteOrderMark.size();
    } else {
      break;
    }
  }
  return at;
}

// Up to the line feed, which does not belong to it; npos if there is none.
std::size_t LineEnd(std::string_view text, std::size_t at) {
  return text.find('\n', at);
}

RecordSpan Span(RecordEnd end, std::size_t begin, std::size_t after) {
  return {.end = end, .begin = begin, .length = after - begin};
}

// The end of the lines after the line feed at `at` that can only be the rest of a broken record;
// the text's size if it ends within them.
std::size_t SkipFragments(std::string_view text, std::size_t at) {
  while (at + 1 < text.size()) {
    const char first = text[at + 1];
    const bool is_fragment =
        first == ' ' || first == '\t' || first == '"' || first == '}' || first == ']';
    if (!is_fragment) {
      return at;
    }
    at = LineEnd(text, at + 1);
    if (at == std::string_view::npos) {
      return text.size();
    }
  }
  return text.size();
}

// A record whose first part, `first`, is damaged, with the rest of it.
RecordSpan WithFragments(std::string_view text, const RecordSpan& first, Remainder remainder) {
  const std::size_t at = first.after();
  std::size_t after = at < text.size() ? SkipFragments(text, at) : at;
  if (after == text.size() && remainder == Remainder::kMayFollow) {
    return Span(RecordEnd::kOpen, first.begin, after);
  }
  while (IsBlank(text[after - 1])) {
    --after;
  }
  return Span(first.end, first.begin, after);
}

// The container at `begin` has lost its end, but what is after its first line may be records.
RecordSpan GiveUpLine(std::string_view text, std::size_t begin, Remainder remainder) {
  const std::size_t line_end = LineEnd(text, begin);
  if (line_end == std::string_view::npos) {
    return Span(RecordEnd::kCutOff, begin, text.size());
  }
  RecordSpan span = WithFragments(text, Span(RecordEnd::kCutOff, begin, line_end), remainder);
  span.looked_beyond = true;
  return span;
}

RecordSpan NextContainer(std::string_view text, std::size_t begin, Remainder remainder) {
  const Scan scan = ScanContainer(text.substr(begin));
  const std::string_view scanned = text.substr(begin, scan.length);
  if (scan.end == ScanEnd::kWhole) {
    return Span(RecordEnd::kWhole, begin, begin + scan.length);
  }
  if (scan.end == ScanEnd::kOpen && remainder == Remainder::kMayFollow) {
    return Span(RecordEnd::kOpen, begin, text.size());
  }
  const std::size_t list = FindRecordList(scanned);
  if (list != std::string_view::npos) {
    RecordSpan head = Span(RecordEnd::kHead, begin, begin + list);
    head.looked_beyond = true;
    return head;
  }
  if (scan.end == ScanEnd::kOpen || scanned.find("\n{") != std::string_view::npos) {
    return GiveUpLine(text, begin, remainder);
  }
  const RecordEnd end = scan.end == ScanEnd::kCutOff ? RecordEnd::kCutOff : RecordEnd::kWrong;
  const std::size_t line_end = std::min(LineEnd(text, begin + scan.length), text.size());
  return WithFragments(text, Span(end, begin, line_end), remainder);
}

// "2026-11-23T18:04:22.921545Z stdout P text": the container runtime splits long lines, and the
// pieces but the last one have the tag P.
enum class CriTag : std::uint8_t { kNone, kPartial, kFull };

CriTag CriTagOf(std::string_view line) {
  const std::size_t time_end = line.find(' ');
  if (time_end == std::string_view::npos || time_end < 20 || line[4] != '-' || line[10] != 'T') {
    return CriTag::kNone;
  }
  std::string_view rest = line.substr(time_end + 1);
  if (!rest.starts_with("stdout ") && !rest.starts_with("stderr ")) {
    return CriTag::kNone;
  }
  rest.remove_prefix(7);
  const bool has_end = rest.size() > 1 && (rest[1] == ' ' || rest[1] == ':');
  return !has_end         ? CriTag::kNone
         : rest[0] == 'P' ? CriTag::kPartial
         : rest[0] == 'F' ? CriTag::kFull
                          : CriTag::kNone;
}

RecordSpan NextLine(std::string_view text, std::size_t begin, Remainder remainder) {
  const RecordEnd at_end =
      remainder == Remainder::kMayFollow ? RecordEnd::kOpen : RecordEnd::kWhole;
  std::size_t line_begin = begin;
  while (true) {
    const std::size_t line_end = LineEnd(text, line_begin);
    if (line_end == std::string_view::npos) {
      return Span(at_end, begin, text.size());
    }
    const CriTag tag = CriTagOf(text.substr(line_begin, line_end - line_begin));
    if (tag != CriTag::kPartial) {
      // A line that does not go on with the partial ones before it is no part of them.
      const bool goes_on = line_begin == begin || tag == CriTag::kFull;
      return Span(goes_on ? RecordEnd::kWhole : RecordEnd::kCutOff, begin,
                  goes_on ? line_end : line_begin - 1);
    }
    line_begin = line_end + 1;
    if (line_begin == text.size()) {
      return Span(at_end == RecordEnd::kOpen ? RecordEnd::kOpen : RecordEnd::kCutOff, begin,
                  text.size());
    }
  }
}

}  // namespace

RecordSpan NextRecord(std::string_view text, Remainder remainder) {
  const std::size_t begin = SkipSeparators(text, 0);
  if (begin == text.size()) {
    return Span(RecordEnd::kNone, begin, begin);
  }
  if (text[begin] == '{' || text[begin] == '[') {
    return NextContainer(text, begin, remainder);
  }
  if (text[begin] == '"') {
    const Scan scan = ScanValue(text.substr(begin));
    const std::size_t after = begin + scan.length;
    const std::size_t next = text.find_first_not_of(" \t\r", after);
    if (scan.end == ScanEnd::kWhole && next != std::string_view::npos &&
        (text[next] == ',' || text[next] == ']' || text[next] == '\n')) {
      return Span(RecordEnd::kWhole, begin, after);
    }
  }
  return NextLine(text, begin, remainder);
}

bool LooksLikeObject(std::string_view line) {
  while (!line.empty() && IsBlank(line.front())) {
    line.remove_prefix(1);
  }
  while (!line.empty() && IsBlank(line.back())) {
    line.remove_suffix(1);
  }
  return line.size() > 1 && line.front() == '{' && line.back() == '}';
}

}  // namespace hark
