#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "hark/event.h"
#include "hark/large_turn.h"
#include "hark/source.h"

#include "parse/envelope.h"
#include "parse/event_parser.h"
#include "parse/record_splitter.h"

namespace hark::pipeline {

// The longest event that is judged, unless the user says otherwise.
constexpr std::size_t kMaxEventBytes = std::size_t{64} << 20;

// Where something was read. `text` is empty for damage that left nothing to show; `sha256` and
// `start` are then what is known of the bytes (Damage).
struct RecordOrigin {
  std::uint64_t offset = 0;  // in the source, in uncompressed bytes, or of the message it is in
  std::uint64_t length = 0;
  std::string_view text = {};
  std::string_view sha256 = {};
  std::string_view start = {};
};

// Makes events of the bytes of a batch: splits it into records, opens what wraps events, parses
// them, and says what became of everything. Each call of the handler is one record, counted after
// unwrapping. A Handler has
//
//   void OnEvent(const AuditEvent&, std::string_view cluster, const RecordOrigin&);
//                                          // `cluster`: what a wrapper calls it, mostly empty
//   void OnSkip(SkipReason);
//   void OnReject(RejectReason, const RecordOrigin&);
//
// and may keep nothing that it is given. Keeps its buffers, so that a native event allocates
// nothing; what is large is read in turn (LargeTurn). Not thread-safe.
class EventReader {
 public:
  // Of an event only `parts` are read. One over `max_event_bytes` is rejected, also if only what
  // wraps it is short enough.
  explicit EventReader(EventParts parts, std::size_t max_event_bytes = kMaxEventBytes)
      : parts_(parts), max_event_bytes_(max_event_bytes), parser_(parts) {}

  template <typename Handler>
  void Read(const RecordBatch& batch, Handler& handler);

  // Reads the event that the handler was just given once more, with all parts. The event is not
  // valid any more. Null, and reject_reason() says why, if what was not read before is malformed.
  const AuditEvent* ReadWhole();
  RejectReason reject_reason() const { return reject_reason_; }

  // Optional fields of a wrong type, over all events so far.
  std::uint64_t wrong_types() const { return parser_.wrong_types() + large_wrong_types_; }

 private:
  template <typename Handler>
  class Opened;

  // Each makes event_ of a text, or sets reject_reason_.
  parse::ParseOutcome Parse(std::string_view json);
  parse::ParseOutcome ParseRecord(const parse::RecordSplitter::Record& record);

  // A part of a batch that is split into records by itself: all of it, or one message.
  struct Part {
    std::string_view text;
    const std::string& context;  // of the batch
    std::span<const std::size_t> line_ends = {};
    std::uint64_t offset = 0;
    bool is_message = false;  // all of it has that offset

    RecordOrigin OriginOf(const parse::RecordSplitter::Record& record) const {
      return {.offset = is_message ? offset : offset + record.offset,
              .length = record.text.size(),
              .text = record.text};
    }
  };
  template <typename Handler>
  void ReadPart(const Part& part, Handler& handler);
  // Tells the handler what is in a record that is no native event.
  template <typename Handler>
  void Tell(const parse::RecordSplitter::Record& record, const Part& part, Handler& handler);

  const EventParts parts_;
  const std::size_t max_event_bytes_;
  parse::EventParser parser_;
  std::unique_ptr<parse::EventParser> large_parser_;  // of the last text, if that was a large one
  std::uint64_t large_wrong_types_ = 0;
  RejectReason reject_reason_ = RejectReason::kMalformed;
  parse::EnvelopeOpener opener_;
  AuditEvent event_;
  AuditEvent whole_event_;
};

// What the opener finds in a record, for the handler.
template <typename Handler>
class EventReader::Opened final : public parse::EnvelopeVisitor {
 public:
  Opened(EventReader& reader, const RecordOrigin& origin, Handler& handler)
      : reader_(reader), origin_(origin), handler_(handler) {}

  void OnCandidate(std::string_view json, std::string_view cluster) override {
    if (json.size() > reader_.max_event_bytes_) {
      return handler_.OnReject(RejectReason::kTooLarge, origin_);
    }
    switch (reader_.Parse(json)) {
      case parse::ParseOutcome::kEvent:
        return handler_.OnEvent(reader_.event_, cluster, origin_);
      case parse::ParseOutcome::kSkipped:
        return handler_.OnSkip(SkipReason::kNoAuditEvent);
      case parse::ParseOutcome::kRejected:
        return handler_.OnReject(reader_.reject_reason_, origin_);
    }
  }
  void OnSkip(SkipReason reason) override { handler_.OnSkip(reason); }
  void OnReject(RejectReason reason) override { handler_.OnReject(reason, origin_); }

 private:
  EventReader& reader_;
  const RecordOrigin& origin_;
  Handler& handler_;
};

template <typename Handler>
void EventReader::Tell(const parse::RecordSplitter::Record& record, const Part& part,
                       Handler& handler) {
  const RecordOrigin origin = part.OriginOf(record);
  if (record.end != RecordEnd::kWhole) {
    return handler.OnReject(reject_reason_, origin);
  }
  Opened<Handler> opened(*this, origin, handler);
  opener_.Open(record.text, part.context, opened);
}

template <typename Handler>
void EventReader::Read(const RecordBatch& batch, Handler& handler) {
  for (const Damage& damage : batch.damages) {
    handler.OnReject(damage.reason, {.offset = damage.offset,
                                     .length = damage.length,
                                     .sha256 = damage.sha256,
                                     .start = damage.start});
  }
  for (std::uint64_t i = 0; i < batch.empty_messages; ++i) {
    handler.OnSkip(SkipReason::kNoValue);
  }
  if (batch.messages.empty()) {
    return ReadPart({.text = batch.data,
                     .context = batch.context,
                     .line_ends = batch.line_ends,
                     .offset = batch.offset},
                    handler);
  }
  for (std::size_t i = 0; i < batch.messages.size(); ++i) {
    const BatchMessage& message = batch.messages[i];
    const std::size_t end =
        i + 1 < batch.messages.size() ? batch.messages[i + 1].begin : batch.data.size();
    ReadPart({.text = batch.data.substr(message.begin, end - message.begin),
              .context = batch.context,
              .offset = message.offset,
              .is_message = true},
             handler);
  }
}

template <typename Handler>
void EventReader::ReadPart(const Part& part, Handler& handler) {
  parse::RecordSplitter splitter(part.text, part.line_ends);
  parse::RecordSplitter::Record record;
  while (splitter.Next(record)) {
    const LargeTurn turn(record.text.size());
    parse::ParseOutcome outcome = ParseRecord(record);
    // A line that only looks like an object is read again by its brackets.
    if (outcome == parse::ParseOutcome::kRejected && !record.scanned &&
        reject_reason_ == RejectReason::kMalformed && splitter.NextScanned(record)) {
      outcome = ParseRecord(record);
    }
    if (outcome == parse::ParseOutcome::kEvent) {
      handler.OnEvent(event_, {}, part.OriginOf(record));
    } else {
      Tell(record, part, handler);
    }
    large_parser_.reset();
  }
}

}  // namespace hark::pipeline
