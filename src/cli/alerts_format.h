#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "alert/alert_page.h"
#include "alert/layout.h"

// What `hark alerts` prints, of what a query has found. Pure functions. Whatever an event holds is
// escaped for a terminal, but for the lines of JSON, which are safe already. An entry that is no
// alert is InvalidArgument.
namespace hark::cli {

// A table (alert/alert_table.h), titles included; "no alerts" for none.
absl::StatusOr<std::string> FormatAlertList(const std::vector<alert::AlertEntry>& alerts,
                                            const alert::TableOptions& options);

// All of one alert for a person: its sentence, then everything its newest revision says with a
// label each, then a line for each revision. REQUIRES: revisions of one alert, in order, at least
// one.
absl::StatusOr<std::string> FormatAlert(const std::vector<alert::AlertEntry>& revisions,
                                        const alert::TableOptions& options);

// The bytes that `hark replay --output jsonl` writes of the same revisions.
std::string FormatAlertLines(const std::vector<alert::AlertEntry>& alerts);

}  // namespace hark::cli
