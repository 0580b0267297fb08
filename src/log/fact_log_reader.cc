#include "log/fact_log_reader.h"

#include <utility>

#include "absl/strings/str_format.h"

#include "base/codec.h"
#include "base/status_macros.h"
#include "log/record_codec.h"

namespace hark::log {

absl::StatusOr<bool> FactLogReader::Next(FactRecord& record) {
  const std::optional<Segment> segment = log_->WaitForSegment(position_);
  if (!segment.has_value()) {
    return false;
  }
  if (!segment_.has_value() || segment_id_ != segment->id) {
    segment_.reset();
    ASSIGN_OR_RETURN(segment_, SegmentReader::Open(log_->file_system_, segment->path));
    segment_id_ = segment->id;
  }
  segment_->SetEnd(segment->end);
  StoredRecord stored;
  RETURN_IF_ERROR(Find(stored));
  ByteReader reader(stored.payload);
  absl::StatusOr<FactRecord> decoded = DecodeRecord(reader);
  if (!decoded.ok() || !reader.at_end()) {
    segment_.reset();
    return absl::DataLossError(
        absl::StrFormat("%s: the fact record at position %u cannot be read: it is of another "
                        "version of hark, or has bytes too many",
                        segment->path, position_));
  }
  record = *std::move(decoded);
  ++position_;
  bytes_read_ += kRecordHeaderBytes + stored.payload.size();
  return true;
}

absl::Status FactLogReader::Find(StoredRecord& stored) {
  while (segment_->position() <= position_) {
    ASSIGN_OR_RETURN(const bool found, segment_->Next(stored));
    if (!found) {
      return segment_->Damage();
    }
  }
  return absl::OkStatus();
}

}  // namespace hark::log
