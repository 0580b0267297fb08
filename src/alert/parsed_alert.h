#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "hark/alert.h"

namespace hark::alert {

// An alert read back from its canonical JSON, for showing it.
struct ParsedAlert {
  // The rule has no summary template: the sentence below was made from it. Its group-by fields are
  // those of the alert. A pointer, so that `alert.rule` stays valid when this is moved.
  std::unique_ptr<RuleInfo> rule;
  Alert alert;
  std::string summary;  // the sentence
};

// The inverse of alert_json.h. Unknown keys are passed over: a newer hark may have written it.
// InvalidArgument for a text that is no JSON, has another schema, or lacks id, n, state or level.
absl::StatusOr<ParsedAlert> ParseAlert(std::string_view json);

// The sentence without the actor's name at its beginning, for where that stands beside it. A view
// into `parsed`.
std::string_view SentenceWithoutActor(const ParsedAlert& parsed);

}  // namespace hark::alert
