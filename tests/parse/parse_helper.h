#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "parse/event_parser.h"
#include "support/event_json.h"

namespace hark::parse {

// Parses one text after another, and keeps the last one for as long as its event is looked at.
class ParsedText {
 public:
  explicit ParsedText(EventParts parts = kAllEventParts) : parser_(parts) {}

  ParseOutcome Parse(std::string_view json, char filler = '}') {
    text_.emplace(json, filler);
    return parser_.Parse(text_->view(), event_);
  }

  const AuditEvent& event() const { return event_; }
  const EventParser& parser() const { return parser_; }

 private:
  EventParser parser_;
  std::optional<testing::PaddedText> text_;
  AuditEvent event_;
};

// What became of a text, in a word: "event", "skipped" or the reason of the rejection.
inline std::string_view OutcomeOf(std::string_view json, EventParts parts = kAllEventParts) {
  ParsedText parsed(parts);
  switch (parsed.Parse(json)) {
    case ParseOutcome::kEvent:
      return "event";
    case ParseOutcome::kSkipped:
      return "skipped";
    case ParseOutcome::kRejected:
      break;
  }
  return RejectReasonName(parsed.parser().reject_reason());
}

}  // namespace hark::parse
