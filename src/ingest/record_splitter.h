#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

namespace hark::ingest {

// Iterates over the lines of a batch. A carriage return before the line feed, and NUL bytes before
// the record (where `copytruncate` has left a hole), are not part of it; blank lines are skipped.
//
//   RecordSplitter splitter(batch.data);
//   std::string_view record;
//   while (splitter.Next(record)) { ... }
//
// Records are views into the data. Not thread-safe.
class RecordSplitter {
 public:
  explicit RecordSplitter(std::string_view data) : rest_(data) {}

  // Moves to the next record. False at the end.
  bool Next(std::string_view& record) {
    while (!rest_.empty()) {
      record = Trim(TakeLine());
      if (!record.empty()) {
        return true;
      }
    }
    return false;
  }

 private:
  std::string_view TakeLine() {
    const void* const newline = std::memchr(rest_.data(), '\n', rest_.size());
    const std::size_t length =
        newline == nullptr
            ? rest_.size()
            : static_cast<std::size_t>(static_cast<const char*>(newline) - rest_.data());
    const std::string_view line = rest_.substr(0, length);
    rest_.remove_prefix(newline == nullptr ? length : length + 1);
    return line;
  }

  static constexpr bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\0'; }

  static std::string_view Trim(std::string_view line) {
    while (!line.empty() && IsBlank(line.front())) {
      line.remove_prefix(1);
    }
    while (!line.empty() && IsBlank(line.back())) {
      line.remove_suffix(1);
    }
    return line;
  }

  std::string_view rest_;
};

}  // namespace hark::ingest
