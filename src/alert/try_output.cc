#include "alert/try_output.h"

#include <array>
#include <chrono>
#include <optional>

#include "absl/strings/str_format.h"

#include "hark/alert.h"

#include "alert/revision.h"
#include "base/hash128.h"

namespace hark::alert {
namespace {

const RuleInfo& TestRule() {
  static const RuleInfo* const rule =
      new RuleInfo{.id = "00000000-0000-0000-0000-000000000000",
                   .name = "hark_output_test",
                   .version = "00000000000000000000000000000000",
                   .title = "Test of an output",
                   .author = "",
                   .tactics = {},
                   .techniques = {},
                   .references = {},
                   .falsepositives = {},
                   .summary = "This is a test: somebody has run hark outputs test",
                   .window_type = "event",
                   .timespan = 0,
                   .threshold = "",
                   .group_by = {}};
  return *rule;
}

// It opens and closes at once: nobody waits for its end.
Revision TestRevision(absl::Time now) {
  const Micros moment = absl::ToUnixMicros(now);
  Alert alert;
  alert.rule = &TestRule();
  alert.id = ToHex(HashParts({"hark outputs test", absl::StrFormat("%d", moment)}));
  alert.n = 1;
  alert.state = AlertState::kClosed;
  alert.level = Severity::kInformational;
  alert.cluster = "test";
  alert.count = 1;
  alert.first = alert.last = alert.closed = moment;
  return MakeRevision(alert, moment);
}

}  // namespace

absl::Status TryOutput(OutputSettings& output, absl::Duration at_most, absl::Time now) {
  const StoredRevision stored = {.sequence = 1, .revision = TestRevision(now)};
  const std::array<const StoredRevision*, 1> batch = {&stored};
  const auto deadline = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(at_most);
  std::optional<Attempt> result;
  output.destination->Begin(batch, [&result](const Attempt& attempt) { result = attempt; });
  while (!result.has_value() && std::chrono::steady_clock::now() < deadline) {
    output.destination->Wait(absl::Milliseconds(100));
  }
  if (!result.has_value()) {
    // What is in flight refers to the revision.
    output.destination.reset();
    return absl::DeadlineExceededError("no answer");
  }
  if (result->outcome == Outcome::kDelivered) {
    return absl::OkStatus();
  }
  return absl::UnavailableError(absl::StrFormat(
      "%s%s%s", result->reason, result->answer.empty() ? "" : ": ", result->answer));
}

}  // namespace hark::alert
