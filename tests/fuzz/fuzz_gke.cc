// A LogEntry that may be any object is turned into an event. Properties: it ends; the event is one
// whole JSON object with 64 readable bytes behind it; it is JSON if the entry was; it grows by a
// constant factor at most; the same entry gives the same event, whatever came before.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "simdjson.h"

#include "base/check.h"
#include "base/json_scanner.h"
#include "parse/event_parser.h"
#include "parse/gke.h"

namespace {

constexpr std::size_t kPadding = 64;

// A Go client's entry holds JSON in a text, which is not judged where the entry is.
bool IsJsonAllThrough(std::string_view entry) {
  static auto& parser = *new simdjson::dom::parser;
  return entry.find("AuditPayload") == std::string_view::npos &&
         entry.find('\\') == std::string_view::npos &&
         parser.parse(entry.data(), entry.size(), true).error() == simdjson::SUCCESS;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static auto& converter = *new hark::parse::GkeConverter;
  static auto& parser = *new hark::parse::EventParser(hark::kAllEventParts);
  static auto& strict_parser = *new simdjson::dom::parser;

  std::vector<char> padded(data, data + size);
  padded.resize(size + kPadding, '}');
  const std::string_view entry(padded.data(), size);
  const hark::Scan scan = hark::ScanContainer(entry);
  if (size == 0 || entry.front() != '{' || scan.end != hark::ScanEnd::kWhole ||
      scan.length != size) {
    return 0;
  }
  const hark::parse::GkeOutcome outcome = converter.Convert(entry);
  hark::parse::GkeConverter fresh;
  HARK_CHECK(fresh.Convert(entry) == outcome);
  if (outcome != hark::parse::GkeOutcome::kEvent) {
    return 0;
  }
  const std::string_view json = converter.json();
  HARK_CHECK(fresh.json() == json && fresh.cluster() == converter.cluster());
  HARK_CHECK(converter.cluster().size() <= 3 * size);
  HARK_CHECK(json.size() <= 16 * size + 1024);
  const hark::Scan event_scan = hark::ScanContainer(json);
  HARK_CHECK(event_scan.end == hark::ScanEnd::kWhole && event_scan.length == json.size());
  if (IsJsonAllThrough(entry)) {
    HARK_CHECK(strict_parser.parse(json.data(), json.size(), true).error() == simdjson::SUCCESS);
  }
  hark::AuditEvent event;
  parser.Parse(json, event);  // reads the padding, too
  return 0;
}
