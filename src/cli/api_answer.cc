#include "cli/api_answer.h"

#include "base/status_macros.h"
#include "base/text.h"
#include "cli/message.h"

namespace hark::cli {
namespace {

absl::Status NotUnderstood() {
  return absl::UnavailableError("the daemon answers what this hark does not understand");
}

}  // namespace

std::string ShownText(const simdjson::dom::element& object, std::string_view key) {
  std::string_view text;
  return object.at_key(key).get_string().get(text) == simdjson::SUCCESS ? EscapeForTerminal(text)
                                                                        : "";
}

std::int64_t NumberIn(const simdjson::dom::element& object, std::string_view key) {
  std::int64_t number = 0;
  return object.at_key(key).get_int64().get(number) == simdjson::SUCCESS ? number : 0;
}

absl::StatusOr<simdjson::dom::element> ParseAnswer(simdjson::dom::parser& parser,
                                                   const std::string& answer) {
  simdjson::dom::element document;
  if (parser.parse(answer).get(document) != simdjson::SUCCESS) {
    return NotUnderstood();
  }
  return document;
}

absl::StatusOr<simdjson::dom::array> ListIn(simdjson::dom::parser& parser,
                                            const std::string& answer, std::string_view key) {
  ASSIGN_OR_RETURN(const simdjson::dom::element document, ParseAnswer(parser, answer));
  simdjson::dom::array list;
  if (document.at_key(key).get_array().get(list) != simdjson::SUCCESS) {
    return NotUnderstood();
  }
  return list;
}

ExitCode ReportOutcome(const absl::Status& status) {
  if (status.ok()) {
    return ExitCode::kDone;
  }
  PrintError(status);
  return status.code() == absl::StatusCode::kInvalidArgument ? ExitCode::kUsage
                                                             : ExitCode::kInputOutput;
}

}  // namespace hark::cli
