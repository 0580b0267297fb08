#include "parse/record_splitter.h"

#include <algorithm>
#include <cstring>

namespace hark::parse {
namespace {

std::size_t LineLength(std::string_view text) {
  const void* const newline = std::memchr(text.data(), '\n', text.size());
  return newline == nullptr
             ? text.size()
             : static_cast<std::size_t>(static_cast<const char*>(newline) - text.data());
}

std::string_view TrimEnd(std::string_view line) {
  while (!line.empty() && line.back() != '}') {
    line.remove_suffix(1);
  }
  return line;
}

}  // namespace

std::size_t RecordSplitter::LineLength() {
  while (next_end_ < line_ends_.size() && line_ends_[next_end_] < at_) {
    ++next_end_;
  }
  return next_end_ < line_ends_.size() ? line_ends_[next_end_] - at_
                                       : parse::LineLength(data_.substr(at_));
}

bool RecordSplitter::Next(Record& record) {
  if (at_ >= data_.size()) {
    return false;
  }
  const std::string_view rest = data_.substr(at_);
  if (rest.front() == '{') {
    const std::size_t length = LineLength();
    const std::string_view line = rest.substr(0, length);
    if (LooksLikeObject(line)) {
      record = {.text = TrimEnd(line), .offset = at_, .scanned = false, .end = RecordEnd::kWhole};
      last_ = at_;
      at_ += length < rest.size() ? length + 1 : length;
      return true;
    }
  }
  last_ = at_;
  return NextScanned(record);
}

bool RecordSplitter::NextScanned(Record& record) {
  at_ = last_;
  while (at_ < data_.size()) {
    std::string_view rest = data_.substr(at_);
    if (open_records_ == kMaxOpenRecords) {
      rest = rest.substr(0, LineLength() + 1);
    }
    const RecordSpan span = NextRecord(rest, Remainder::kNone);
    open_records_ = std::min(open_records_ + (span.looked_beyond ? 1 : 0), kMaxOpenRecords);
    const std::size_t offset = at_ + span.begin;
    at_ += span.end == RecordEnd::kNone ? rest.size() : span.after();
    if (span.end != RecordEnd::kNone && span.end != RecordEnd::kHead) {
      record = {.text = data_.substr(offset, span.length),
                .offset = offset,
                .scanned = true,
                .end = span.end};
      last_ = at_;
      return true;
    }
  }
  return false;
}

}  // namespace hark::parse
