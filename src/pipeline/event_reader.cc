#include "pipeline/event_reader.h"

namespace hark::pipeline {

LargeRecordTurn::LargeRecordTurn(std::size_t record_bytes) {
  static std::mutex one_at_a_time;
  if (record_bytes > kLargeRecord) {
    lock_ = std::unique_lock(one_at_a_time);
  }
}

parse::ParseOutcome EventReader::Parse(std::string_view json) {
  large_parser_.reset();
  if (json.size() <= LargeRecordTurn::kLargeRecord) {
    const parse::ParseOutcome outcome = parser_.Parse(json, event_);
    reject_reason_ = parser_.reject_reason();
    return outcome;
  }
  large_parser_ = std::make_unique<parse::EventParser>(parts_);
  const parse::ParseOutcome outcome = large_parser_->Parse(json, event_);
  reject_reason_ = large_parser_->reject_reason();
  large_wrong_types_ += large_parser_->wrong_types();
  return outcome;
}

const AuditEvent* EventReader::ReadWhole() {
  parse::EventParser& parser = large_parser_ != nullptr ? *large_parser_ : parser_;
  if (parser.ReadWhole(event_, whole_event_) == parse::ParseOutcome::kEvent) {
    return &whole_event_;
  }
  reject_reason_ = parser.reject_reason();
  return nullptr;
}

parse::ParseOutcome EventReader::ParseRecord(const parse::RecordSplitter::Record& record) {
  if (record.end == RecordEnd::kWhole) {
    return Parse(record.text);
  }
  reject_reason_ =
      record.end == RecordEnd::kCutOff ? RejectReason::kTruncated : RejectReason::kMalformed;
  return parse::ParseOutcome::kRejected;
}

}  // namespace hark::pipeline
