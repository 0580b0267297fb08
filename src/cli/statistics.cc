#include "cli/statistics.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "absl/strings/str_format.h"

#include "base/rfc3339.h"
#include "cli/progress_line.h"

namespace hark::cli {
namespace {

// "27,442".
std::string Grouped(std::uint64_t number) {
  std::string digits = absl::StrFormat("%d", number);
  for (std::size_t i = digits.size(); i > 3; i -= 3) {
    digits.insert(i - 3, ",");
  }
  return digits;
}

// "0 rejected", or "12 rejected (10 malformed, 2 not an object)". `name_of` names the i-th reason.
template <typename NameOf>
std::string FormatByReason(std::uint64_t total, std::string_view what,
                           std::span<const std::uint64_t> counts, NameOf name_of) {
  std::string text = absl::StrFormat("%s %s", Grouped(total), what);
  const char* separator = " (";
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0) {
      std::string reason(name_of(i));
      std::replace(reason.begin(), reason.end(), '_', ' ');
      absl::StrAppendFormat(&text, "%s%s %s", separator, Grouped(counts[i]), reason);
      separator = ", ";
    }
  }
  return total > 0 ? text + ")" : text;
}

}  // namespace

std::string FormatStatistics(const pipeline::ReplayResult& result, absl::Duration elapsed) {
  const pipeline::InputStats& input = result.input;
  const double seconds = std::max(absl::ToDoubleSeconds(elapsed), 1e-6);
  std::string text = absl::StrFormat(
      "Input    %s records, %s in %.2f s (%s/s, %s events/s)\n", Grouped(input.records),
      FormatBytes(input.bytes), seconds,
      FormatBytes(static_cast<std::uint64_t>(static_cast<double>(input.bytes) / seconds)),
      Grouped(static_cast<std::uint64_t>(static_cast<double>(input.events) / seconds)));
  text += absl::StrFormat(
      "         %s events, %s, %s\n", Grouped(input.events),
      FormatByReason(input.skipped_total(), "skipped", input.skipped,
                     [](std::size_t i) { return SkipReasonName(static_cast<SkipReason>(i)); }),
      FormatByReason(input.rejected_total(), "rejected", input.rejected,
                     [](std::size_t i) { return RejectReasonName(static_cast<RejectReason>(i)); }));
  if (input.wrong_types > 0) {
    text += absl::StrFormat("         %s fields of a wrong type were ignored\n",
                            Grouped(input.wrong_types));
  }
  if (input.out_of_range > 0) {
    text += absl::StrFormat("         %s events outside the time asked for were not judged\n",
                            Grouped(input.out_of_range));
  }
  if (input.events > 0) {
    text += absl::StrFormat("Time     %s to %s\n", FormatRfc3339(input.first_time),
                            FormatRfc3339(input.last_time));
  }
  const DetectorStats& detector = result.detector;
  text += absl::StrFormat(
      "Matched  %s events: %s duplicates, %s late, %s too late; %s groups evicted\n",
      Grouped(detector.facts), Grouped(detector.duplicate), Grouped(detector.late),
      Grouped(detector.too_late), Grouped(detector.evictions));
  return text;
}

}  // namespace hark::cli
