#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "simdjson.h"

namespace hark::alert {

// The fields of an alert's JSON by the paths that users write: "actor.name", "window.total"
// (docs/alerts.md). What follows "group." is the name of a field, dots included.

// InvalidArgument, with the nearest name, if an alert has no such field.
absl::Status CheckAlertField(std::string_view field);

// An error if this alert does not have it.
simdjson::simdjson_result<simdjson::dom::element> FindAlertField(
    const simdjson::dom::element& alert, std::string_view field);

// The value as JSON, with the escapes of JsonWriter.
std::string JsonOf(const simdjson::dom::element& value);
// A text as it is, anything else as its JSON.
std::string TextOf(const simdjson::dom::element& value);
// The texts of a list, or the text of anything else.
std::vector<std::string> TextsOf(const simdjson::dom::element& value);

}  // namespace hark::alert
