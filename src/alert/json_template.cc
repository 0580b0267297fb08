#include "alert/json_template.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

#include "alert/alert_field.h"
#include "alert/json_reading.h"
#include "base/json_writer.h"
#include "base/rfc3339.h"
#include "base/status_macros.h"

namespace hark::alert {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kOpen = "{{";
constexpr std::string_view kClose = "}}";

// What stands between the quotes.
std::string Escaped(std::string_view text) {
  const std::string quoted = JsonWriter().String(text).Take();
  return quoted.substr(1, quoted.size() - 2);
}

// What a template may hold beside the fields of an alert.
bool IsOwnField(std::string_view field) {
  return field == "alert" || field == "detected" || field == "webhook_id";
}

std::size_t LineOf(std::string_view text, std::size_t at) {
  return static_cast<std::size_t>(
             std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n')) +
         1;
}

}  // namespace

absl::StatusOr<JsonTemplate> JsonTemplate::Parse(std::string_view text) {
  JsonTemplate parsed;
  Segment segment;
  bool in_string = false;
  std::string sample;  // the document, with a value for every placeholder
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!text.substr(at).starts_with(kOpen)) {
      const char c = text[at];
      segment.literal.push_back(c);
      sample.push_back(c);
      if (in_string && c == '\\' && at + 1 < text.size()) {
        segment.literal.push_back(text[++at]);
        sample.push_back(text[at]);
      }
      in_string = c == '"' ? !in_string : in_string;
      continue;
    }
    const std::size_t end = text.find(kClose, at);
    // An object that begins with an object has "{{", too; no JSON does.
    if (end == std::string_view::npos) {
      return InvalidArgument("line %d: a placeholder has no end", LineOf(text, at));
    }
    segment.field = text.substr(at + kOpen.size(), end - at - kOpen.size());
    absl::StripAsciiWhitespace(&segment.field);
    if (const absl::Status status = CheckAlertField(segment.field);
        !IsOwnField(segment.field) && !status.ok()) {
      return InvalidArgument("line %d: %s", LineOf(text, at), status.message());
    }
    segment.in_string = in_string;
    sample.append(in_string ? "" : "null");
    parsed.segments_.push_back(std::exchange(segment, {}));
    at = end + kClose.size() - 1;
  }
  parsed.segments_.push_back(std::move(segment));
  dom::parser parser;
  if (const auto error = parser.parse(sample).error(); error != simdjson::SUCCESS) {
    return InvalidArgument("is no JSON document: %s", simdjson::error_message(error));
  }
  return parsed;
}

absl::StatusOr<std::string> JsonTemplate::Render(const Revision& revision,
                                                 std::string_view webhook_id) const {
  dom::parser parser;
  dom::element alert;
  RETURN_IF_ERROR(ToStatus(parser.parse(revision.json).get(alert)));
  const auto text = [&](std::string_view field) -> std::string {
    return field == "detected" ? FormatRfc3339(revision.detected) : std::string(webhook_id);
  };
  std::string out;
  for (const Segment& segment : segments_) {
    out += segment.literal;
    const std::string_view field = segment.field;
    if (field.empty()) {
      continue;
    }
    if (field == "detected" || field == "webhook_id") {
      out += segment.in_string ? Escaped(text(field)) : JsonWriter().String(text(field)).Take();
    } else if (field == "alert") {
      out += segment.in_string ? Escaped(revision.json) : revision.json;
    } else if (dom::element value; FindAlertField(alert, field).get(value) == simdjson::SUCCESS) {
      out += segment.in_string ? Escaped(absl::StrJoin(TextsOf(value), ", ")) : JsonOf(value);
    } else {
      out += segment.in_string ? "" : "null";
    }
  }
  return out;
}

}  // namespace hark::alert
