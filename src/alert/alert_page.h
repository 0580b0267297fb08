#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "hark/event.h"

namespace hark::alert {

// An alert as a query finds it: a revision's canonical JSON, and the detection time beside it.
struct AlertEntry {
  Micros detected = 0;
  std::string json;
  friend bool operator==(const AlertEntry&, const AlertEntry&) = default;
};

// One page of a list of alerts, or all revisions of one alert: what GET /api/v1/alerts and GET
// /api/v1/alerts/ID answer.
//
//   {"alerts":[{"detected":"2026-11-23T18:04:23.000000Z","alert":{...}}, ...],
//    "next":"v1-17","total":214}
struct AlertPage {
  std::vector<AlertEntry> alerts = {};
  std::string next = {};  // the cursor of the next page; empty: this is the last one
  std::optional<std::uint64_t> total = {};  // of all pages, if it was asked for
  friend bool operator==(const AlertPage&, const AlertPage&) = default;
};

// `next` and `total` are absent where they say nothing. REQUIRES: every entry's json is JSON.
std::string ToJson(const AlertPage& page);

// The inverse: the bytes of the alerts come back as they are. Unknown keys are passed over.
// InvalidArgument for anything that is no such page.
absl::StatusOr<AlertPage> ParseAlertPage(std::string_view text);

}  // namespace hark::alert
