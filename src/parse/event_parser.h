#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hark/event.h"
#include "hark/source.h"

namespace hark::parse {

enum class ParseOutcome : std::uint8_t { kEvent, kSkipped, kRejected };

// Projects the JSON text of one audit event into an AuditEvent, without copying what nobody
// asks for. Keys may come in any order, escaped or not; their case matters. Of duplicates the last
// one wins, as the decoders of Kubernetes do it (sigs.k8s.io/json): of two objects in one place the
// second is put over the first, member by member, and null changes nothing where a text, a number
// or the user was. What is no UTF-8 reads as U+FFFD, because an API server logs the bytes of a
// patch as the client sent them. A field that is not essential and of a wrong type is absent, and
// counted in wrong_types(); null is the same as absent. Fields that nobody asks for are skipped,
// not judged: one that is malformed in itself does not make the event so.
//
// Not thread-safe: one parser a thread. The events it makes are views into its buffers and valid
// until the next Parse or the parser's end.
class EventParser {
 public:
  explicit EventParser(EventParts parts);
  ~EventParser();
  EventParser(const EventParser&) = delete;
  EventParser& operator=(const EventParser&) = delete;

  // REQUIRES: 64 readable bytes after `json`. kSkipped: a JSON object that is no audit event.
  ParseOutcome Parse(std::string_view json, AuditEvent& event);

  // Reads the event that Parse() just made once more, with kAllEventParts, into `whole`; `event` is
  // not valid any more. Costs less than parsing the text anew. What is malformed in a part that
  // Parse did not read shows now.
  ParseOutcome ReadWhole(const AuditEvent& event, AuditEvent& whole);

  // Of the last call that returned kRejected.
  RejectReason reject_reason() const { return reject_reason_; }
  // Optional fields of a wrong type, over all events so far.
  std::uint64_t wrong_types() const { return wrong_types_; }

 private:
  struct Impl;
  template <typename ErrorCode>
  ParseOutcome Judge(ErrorCode error, AuditEvent& event);

  EventParts parts_;
  std::unique_ptr<Impl> impl_;
  RejectReason reject_reason_ = RejectReason::kMalformed;
  std::uint64_t wrong_types_ = 0;
};

}  // namespace hark::parse
