#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "simdjson.h"

#include "cli/exit_code.h"

namespace hark::cli {

// Answers of pipeline/delivery_api.h, to be shown.

// A text, escaped for a terminal; empty if there is none.
std::string ShownText(const simdjson::dom::element& object, std::string_view key);
std::int64_t NumberIn(const simdjson::dom::element& object, std::string_view key);

// The document; valid as long as the parser. Unavailable if it is none.
absl::StatusOr<simdjson::dom::element> ParseAnswer(simdjson::dom::parser& parser,
                                                   const std::string& answer);
// The list under that key.
absl::StatusOr<simdjson::dom::array> ListIn(simdjson::dom::parser& parser,
                                            const std::string& answer, std::string_view key);

// Prints the error, if it is one.
ExitCode ReportOutcome(const absl::Status& status);

}  // namespace hark::cli
