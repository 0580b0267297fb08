#include "alert/alert_page.h"

#include "absl/strings/str_format.h"

#include "alert/json_reading.h"
#include "base/json_writer.h"
#include "base/rfc3339.h"
#include "base/status_macros.h"

namespace hark::alert {
namespace {

namespace ondemand = simdjson::ondemand;

absl::StatusOr<AlertEntry> ReadEntry(ondemand::object object) {
  AlertEntry entry;
  for (auto field : object) {
    std::string_view key;
    RETURN_IF_ERROR(ToStatus(field.unescaped_key().get(key)));
    if (key == "detected") {
      std::string_view time;
      RETURN_IF_ERROR(ToStatus(field.value().get_string().get(time)));
      const std::optional<Micros> detected = ParseRfc3339(time);
      if (!detected.has_value()) {
        return InvalidArgument("\"detected\" is no time: \"%s\"", time);
      }
      entry.detected = *detected;
    } else if (key == "alert") {
      ondemand::object alert;
      std::string_view json;
      RETURN_IF_ERROR(ToStatus(field.value().get_object().get(alert)));
      RETURN_IF_ERROR(ToStatus(alert.raw_json().get(json)));
      entry.json = json;
    }
  }
  if (entry.json.empty()) {
    return InvalidArgument("an entry has no \"alert\"");
  }
  return entry;
}

absl::Status ReadEntries(ondemand::array array, std::vector<AlertEntry>& entries) {
  for (auto element : array) {
    ondemand::object object;
    RETURN_IF_ERROR(ToStatus(element.get_object().get(object)));
    ASSIGN_OR_RETURN(AlertEntry entry, ReadEntry(object));
    entries.push_back(std::move(entry));
  }
  return absl::OkStatus();
}

absl::StatusOr<AlertPage> ReadPage(ondemand::object object) {
  AlertPage page;
  bool has_alerts = false;
  for (auto field : object) {
    std::string_view key;
    RETURN_IF_ERROR(ToStatus(field.unescaped_key().get(key)));
    if (key == "alerts") {
      ondemand::array array;
      RETURN_IF_ERROR(ToStatus(field.value().get_array().get(array)));
      RETURN_IF_ERROR(ReadEntries(array, page.alerts));
      has_alerts = true;
    } else if (key == "next") {
      std::string_view next;
      RETURN_IF_ERROR(ToStatus(field.value().get_string().get(next)));
      page.next = next;
    } else if (key == "total") {
      std::uint64_t total = 0;
      RETURN_IF_ERROR(ToStatus(field.value().get_uint64().get(total)));
      page.total = total;
    }
  }
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
