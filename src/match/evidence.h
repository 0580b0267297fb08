#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "hark/event.h"
#include "hark/fact.h"

namespace hark::match {

// The 4 KiB that the texts of one fact's evidence share. What comes first is kept first; a text
// that does not fit is cut at a character and ends in "…". Not thread-safe.
class EvidenceBudget {
 public:
  static constexpr std::size_t kBytes = 4096;

  // At most `max_bytes` of the text, and of what is left of the budget.
  std::string Take(std::string_view text, std::size_t max_bytes);
  // The same of a text that was built for it, which is then not copied.
  std::string TakeBuilt(std::string&& text, std::size_t max_bytes);
  // Takes that much for a text that must not be cut. False, and nothing is taken, if it is too
  // much.
  bool Reserve(std::size_t bytes);
  bool exhausted() const { return left_ == 0; }

 private:
  std::size_t left_ = kBytes;
};

// What an alert may show of the event, redacted. `known` is the name of the actor's grade.
// REQUIRES: `event` has kAllEventParts.
Evidence MakeEvidence(const AuditEvent& event, std::string_view known, EvidenceBudget& budget);

}  // namespace hark::match
