#include "cli/status_text.h"

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "simdjson.h"

#include "base/text.h"

namespace hark::cli {
namespace {

using simdjson::dom::element;

// The text at a path, escaped for a terminal; "-" if there is none.
std::string Text(element from, std::string_view pointer) {
  std::string_view text;
  return from.at_pointer(pointer).get(text) == simdjson::SUCCESS ? EscapeForTerminal(text) : "-";
}

std::uint64_t Number(element from, std::string_view pointer) {
  std::uint64_t number = 0;
  return from.at_pointer(pointer).get(number) == simdjson::SUCCESS ? number : 0;
}

// Calls `show` with each item of the list.
template <typename Show>
void ForEach(element from, std::string_view pointer, Show show) {
  simdjson::dom::array items;
  if (from.at_pointer(pointer).get(items) == simdjson::SUCCESS) {
    for (const element item : items) {
      show(item);
    }
  }
}

void AddSource(element source, std::string& text) {
  absl::StrAppendFormat(&text, "source     %s: %s, %u events in this run, last event %s\n",
                        Text(source, "/name"), Text(source, "/state"), Number(source, "/events"),
                        Text(source, "/last_event"));
  if (const std::string error = Text(source, "/error"); error != "-") {
    absl::StrAppendFormat(&text, "           %s\n", error);
  }
}

void AddOutput(element output, std::string& text) {
  absl::StrAppendFormat(&text, "output     %s: %s, %u delivered, %u waiting\n",
                        Text(output, "/name"), Text(output, "/state"),
                        Number(output, "/revisions/delivered"), Number(output, "/queue_length"));
  if (const std::uint64_t letters = Number(output, "/dead_letters"); letters > 0) {
    absl::StrAppendFormat(&text, "           %u dead letters: hark dlq\n", letters);
  }
  if (const std::string error = Text(output, "/last_error"); error != "-") {
    absl::StrAppendFormat(&text, "           %s\n", error);
  }
}

}  // namespace

absl::StatusOr<std::string> FormatStatus(std::string_view document) {
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(document.data(), document.size()).get(root) != simdjson::SUCCESS) {
    return absl::UnavailableError("the daemon answers what this hark does not understand");
  }
  bool ready = false;
  const bool is_ready = root.at_pointer("/ready").get(ready) == simdjson::SUCCESS && ready;
  std::string text = absl::StrFormat("hark %s on %s since %s: %s\n", Text(root, "/version"),
                                     Text(root, "/data_dir"), Text(root, "/started"),
                                     is_ready ? "ready" : "not ready");
  ForEach(root, "/not_ready", [&text](element reason) {
    absl::StrAppendFormat(&text, "           %s\n", Text(reason, ""));
  });
  absl::StrAppendFormat(&text, "rules      %u that raise alerts (%s)\n",
                        Number(root, "/rules/count"), Text(root, "/rules/id"));
  ForEach(root, "/sources", [&text](element source) { AddSource(source, text); });
  absl::StrAppendFormat(&text, "watermark  %s\n", Text(root, "/detector/watermark"));
  absl::StrAppendFormat(&text, "facts      %u given, %u judged, %u copies, %u late, %u too late\n",
                        Number(root, "/detector/facts"), Number(root, "/detector/judged"),
                        Number(root, "/detector/duplicate"), Number(root, "/detector/late"),
                        Number(root, "/detector/too_late"));
  absl::StrAppendFormat(
      &text, "fact log   %.1f MiB, %u records behind\n",
      static_cast<double>(Number(root, "/fact_log/bytes")) / (1 << 20),
      Number(root, "/fact_log/durable_position") - Number(root, "/detector/position"));
  ForEach(root, "/outputs", [&text](element output) { AddOutput(output, text); });
  return text;
}

}  // namespace hark::cli
