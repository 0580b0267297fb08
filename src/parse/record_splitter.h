#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "base/record_scan.h"

namespace hark::parse {

// Iterates over the records of a batch, in whatever form they are written (base/record_scan.h).
//
//   RecordSplitter splitter(batch.data);
//   RecordSplitter::Record record;
//   while (splitter.Next(record)) { ... }
//
// A line that looks like an object is taken for a record as it is, without a scan; if it proves not
// to be JSON, NextScanned begins again where it began. Records are views into the data.
// Not thread-safe.
class RecordSplitter {
 public:
  struct Record {
    std::string_view text;
    std::size_t offset = 0;             // in the data
    bool scanned = false;               // found by its brackets, not by its line
    RecordEnd end = RecordEnd::kWhole;  // or kCutOff, kWrong
  };

  // `line_ends`: where the first line feeds of the data are, if that is known (RecordBatch).
  explicit RecordSplitter(std::string_view data, std::span<const std::size_t> line_ends = {})
      : data_(data), line_ends_(line_ends) {}

  // Moves to the next record. False at the end.
  bool Next(Record& record);

  // Instead of the record that Next gave last, which was not scanned: the first one at its place.
  // False if nothing is left. REQUIRES: the last call was one of Next that returned true.
  bool NextScanned(Record& record);

 private:
  // So often bytes are scanned in vain; then every line is on its own.
  static constexpr int kMaxOpenRecords = 16;

  // Of the line that begins at at_, without its line feed.
  std::size_t LineLength();

  const std::string_view data_;
  const std::span<const std::size_t> line_ends_;
  std::size_t next_end_ = 0;  // of line_ends_: those before it are before at_
  std::size_t at_ = 0;
  std::size_t last_ = 0;  // where the last record began
  int open_records_ = 0;
};

}  // namespace hark::parse
