#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "alert/revision.h"

namespace hark::alert {

// A JSON document with placeholders, as a user writes it for a receiver of their own:
//
//   {"text": "{{title}}: {{summary}}", "severity": "{{level}}", "count": {{window.count}}}
//
//   placeholder = "{{" *blank field *blank "}}"
//
// A field is a path into the alert (docs/alerts.md), "actor.name"; `detected`, when the revision
// was made; `webhook_id`; or `alert`, all of it. Within a string a value becomes text, escaped for
// it: a list of texts is joined by ", ", anything else that is no text is its JSON. Elsewhere it is
// the value as JSON. What the alert does not have is an empty text, or null. So the result is
// always valid JSON, and nothing of an event can leave its place in it. Immutable.
class JsonTemplate {
 public:
  // Messages are the end of a sentence: "line 3: unknown field ...".
  static absl::StatusOr<JsonTemplate> Parse(std::string_view text);

  // InvalidArgument if the stored JSON is none.
  absl::StatusOr<std::string> Render(const Revision& revision, std::string_view webhook_id) const;

 private:
  struct Segment {
    std::string literal;  // before the field
    std::string field;    // empty: the segment is the last one
    bool in_string = false;
  };

  std::vector<Segment> segments_;
};

}  // namespace hark::alert
