#include "pipeline/event_reader.h"

namespace hark::pipeline {

parse::ParseOutcome EventReader::Parse(std::string_view json) {
  large_parser_.reset();
  const bool is_large = json.size() > LargeTurn::kLarge;
  if (is_large) {
    large_parser_ = std::make_unique<parse::EventParser>(parts_);
  }
  parse::EventParser& parser = is_large ? *large_parser_ : parser_;
  const parse::ParseOutcome outcome = parser.Parse(json, event_);
  reject_reason_ = parser.reject_reason();
  large_wrong_types_ += is_large ? parser.wrong_types() : 0;
  // A list that is longer is not one event.
  if (outcome == parse::ParseOutcome::kEvent && json.size() > max_event_bytes_) {
    reject_reason_ = RejectReason::kTooLarge;
    return parse::ParseOutcome::kRejected;
  }
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
