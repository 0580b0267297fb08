#include "base/names.h"

#include <array>
#include <cstddef>

#include "hark/event.h"
#include "hark/source.h"

namespace hark {
namespace {

// In the order of the enumerations.
constexpr std::array<std::string_view, 4> kStages = {"RequestReceived", "ResponseStarted",
                                                     "ResponseComplete", "Panic"};
constexpr std::array<std::string_view, kSeverityCount> kSeverities = {"informational", "low",
                                                                      "medium", "high", "critical"};
constexpr std::array<std::string_view, 3> kAlertStates = {"opened", "escalated", "closed"};
constexpr std::array<std::string_view, 2> kCloseReasons = {"", "rule changed"};
constexpr std::array<std::string_view, kRejectReasons> kRejectReasonNames = {
    "malformed", "truncated", "not_an_object", "missing_field", "wrong_type", "bad_value",
    "too_large", "too_deep",  "bad_envelope",  "damaged",       "bomb",       "future"};
constexpr std::array<std::string_view, kSkipReasons> kSkipReasonNames = {
    "no_audit_event", "other_category", "control_message", "no_value"};

}  // namespace

std::string_view StageName(Stage stage) {
  return kStages.at(static_cast<std::size_t>(stage));
}

std::string_view SeverityName(Severity severity) {
  return kSeverities.at(static_cast<std::size_t>(severity));
}

std::string_view AlertStateName(AlertState state) {
  return kAlertStates.at(static_cast<std::size_t>(state));
}

std::string_view CloseReasonName(CloseReason reason) {
  return kCloseReasons.at(static_cast<std::size_t>(reason));
}

std::string_view RejectReasonName(RejectReason reason) {
  return kRejectReasonNames.at(static_cast<std::size_t>(reason));
}

std::string_view SkipReasonName(SkipReason reason) {
  return kSkipReasonNames.at(static_cast<std::size_t>(reason));
}

std::optional<Severity> ParseSeverity(std::string_view name) {
  for (std::size_t i = 0; i < kSeverities.size(); ++i) {
    if (kSeverities.at(i) == name) {
      return static_cast<Severity>(i);
    }
  }
  return std::nullopt;
}

}  // namespace hark
