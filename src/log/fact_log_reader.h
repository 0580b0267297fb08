#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"

#include "hark/fact.h"

#include "log/fact_log.h"
#include "log/segment_reader.h"

namespace hark::log {

// Reads a FactLog from a position on and follows what is appended. It gives out durable records
// only: an alert that follows from a record which the log then loses could not be made again, and
// a snapshot of a state that has seen it would lie about where in the log it belongs.
//
// Made by FactLog::Read, which must outlive it. Not thread-safe; many readers may read one log.
class FactLogReader {
 public:
  // Waits for the next record. False at the end: the log is closed and all was read. DataLoss,
  // with file and offset, if the record is damaged; the next call then says so again.
  absl::StatusOr<bool> Next(FactRecord& record);

  // Waits until Next would not wait. False if the deadline comes first.
  bool WaitUntil(std::chrono::steady_clock::time_point deadline) {
    return log_->WaitForPosition(position_, deadline);
  }

  // Of the record that Next gives next.
  std::uint64_t position() const { return position_; }
  // Of the records that it has given, as they are stored.
  std::uint64_t bytes_read() const { return bytes_read_; }

 private:
  friend class FactLog;
  FactLogReader(FactLog& log, std::uint64_t from) : log_(&log), position_(from) {}

  absl::Status Find(StoredRecord& stored);

  FactLog* log_;
  std::uint64_t position_;
  std::uint64_t bytes_read_ = 0;
  std::optional<SegmentReader> segment_;
  std::uint64_t segment_id_ = 0;
};

}  // namespace hark::log
