#include "alert/alert_page.h"

#include "absl/strings/str_format.h"

#include "alert/json_reading.h"
#include "base/json_writer.h"
#include "base/rfc3339.h"
#include "base/status_macros.h"

namespace hark::alert {
namespace {

namespace ondemand = simdjson::ondemand;

absl::Status ReadTime(ondemand::value value, Micros& time) {
  std::string_view text;
  RETURN_IF_ERROR(ToStatus(value.get_string().get(text)));
  const std::optional<Micros> parsed = ParseRfc3339(text);
  if (!parsed.has_value()) {
    return InvalidArgument("\"%s\" is no time", text);
  }
  time = *parsed;
  return absl::OkStatus();
}

absl::Status ReadRawObject(ondemand::value value, std::string& json) {
  ondemand::object object;
  std::string_view raw;
  RETURN_IF_ERROR(ToStatus(value.get_object().get(object)));
  RETURN_IF_ERROR(ToStatus(object.raw_json().get(raw)));
  json = raw;
  return absl::OkStatus();
}

absl::Status ReadEntryField(std::string_view key, ondemand::value value, AlertEntry& entry) {
  if (key == "detected") {
    return ReadTime(value, entry.detected);
  }
  return key == "alert" ? ReadRawObject(value, entry.json) : absl::OkStatus();
}

// Calls `read` with the key and the value of each field.
template <typename Read>
absl::Status ForEachField(ondemand::object object, Read read) {
  for (auto field : object) {
    std::string_view key;
    ondemand::value value;
    RETURN_IF_ERROR(ToStatus(field.unescaped_key().get(key)));
    RETURN_IF_ERROR(ToStatus(field.value().get(value)));
    RETURN_IF_ERROR(read(key, value));
  }
  return absl::OkStatus();
}

absl::StatusOr<AlertEntry> ReadEntry(ondemand::object object) {
  AlertEntry entry;
  RETURN_IF_ERROR(ForEachField(object, [&](std::string_view key, ondemand::value value) {
    return ReadEntryField(key, value, entry);
  }));
  if (entry.json.empty()) {
    return InvalidArgument("an entry has no \"alert\"");
  }
  return entry;
}

absl::Status ReadEntries(ondemand::value value, std::vector<AlertEntry>& entries) {
  ondemand::array array;
  RETURN_IF_ERROR(ToStatus(value.get_array().get(array)));
  for (auto element : array) {
    ondemand::object object;
    RETURN_IF_ERROR(ToStatus(element.get_object().get(object)));
    ASSIGN_OR_RETURN(AlertEntry entry, ReadEntry(object));
    entries.push_back(std::move(entry));
  }
  return absl::OkStatus();
}

absl::Status ReadPageField(std::string_view key, ondemand::value value, AlertPage& page) {
  if (key == "alerts") {
    return ReadEntries(value, page.alerts);
  }
  if (key == "next") {
    std::string_view next;
    RETURN_IF_ERROR(ToStatus(value.get_string().get(next)));
    page.next = next;
  } else if (key == "total") {
    return ToStatus(value.get_uint64().get(page.total.emplace()));
  }
  return absl::OkStatus();
}

absl::StatusOr<AlertPage> ReadPage(ondemand::object object) {
  AlertPage page;
  bool has_alerts = false;
  RETURN_IF_ERROR(ForEachField(object, [&](std::string_view key, ondemand::value value) {
    has_alerts = has_alerts || key == "alerts";
    return ReadPageField(key, value, page);
  }));
  if (!has_alerts) {
    return InvalidArgument("there is no \"alerts\"");
  }
  return page;
}

}  // namespace

std::string ToJson(const AlertPage& page) {
  // Not by JsonWriter: the alerts' bytes are put in as they are.
  std::string text = "{\"alerts\":[";
  for (const AlertEntry& entry : page.alerts) {
    absl::StrAppendFormat(&text, "%s{\"detected\":\"%s\",\"alert\":%s}",
                          text.back() == '}' ? "," : "", FormatRfc3339(entry.detected), entry.json);
  }
  text.push_back(']');
  if (!page.next.empty()) {
    JsonWriter next;
    next.String(page.next);
    absl::StrAppendFormat(&text, ",\"next\":%s", next.text());
  }
  if (page.total.has_value()) {
    absl::StrAppendFormat(&text, ",\"total\":%d", *page.total);
  }
  text.push_back('}');
  return text;
}

absl::StatusOr<AlertPage> ParseAlertPage(std::string_view text) {
  ondemand::parser parser;
  const simdjson::padded_string padded(text);
  ondemand::document document;
  ondemand::object object;
  RETURN_IF_ERROR(ToStatus(parser.iterate(padded).get(document)));
  RETURN_IF_ERROR(ToStatus(document.get_object().get(object)));
  ASSIGN_OR_RETURN(AlertPage page, ReadPage(object));
  const char* rest = nullptr;
  if (document.current_location().get(rest) == simdjson::SUCCESS) {
    return InvalidArgument("the page goes on after its end");
  }
  return page;
}

}  // namespace hark::alert
