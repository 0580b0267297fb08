#include "alert/alert_query.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <system_error>

#include "absl/strings/str_format.h"

#include "base/names.h"
#include "base/rfc3339.h"
#include "base/status_macros.h"

namespace hark::alert {
namespace {

constexpr std::size_t kWholeIdDigits = 32;

constexpr std::array<std::pair<std::string_view, StateFilter>, 4> kStates = {{
    {"open", StateFilter::kOpen},
    {"opened", StateFilter::kOpened},
    {"escalated", StateFilter::kEscalated},
    {"closed", StateFilter::kClosed},
}};

absl::Status ParseText(const std::string& text, std::optional<std::string>& value) {
  value = text;
  return absl::OkStatus();
}

absl::Status ParseLevel(const std::string& text, Severity& level) {
  const std::optional<Severity> parsed = ParseSeverity(text);
  if (!parsed.has_value()) {
    return InvalidArgument("level: \"%s\" is none of informational, low, medium, high, critical",
                           text);
  }
  level = *parsed;
  return absl::OkStatus();
}

absl::Status ParseState(const std::string& text, StateFilter& state) {
  for (const auto& [name, value] : kStates) {
    if (name == text) {
      state = value;
      return absl::OkStatus();
    }
  }
  return InvalidArgument("state: \"%s\" is none of open, opened, escalated, closed", text);
}

absl::Status ParseTime(std::string_view name, std::string_view text, Micros now,
                       std::optional<Micros>& time) {
  if (text.starts_with('-')) {
    const std::optional<Micros> duration = ParseDuration(text.substr(1));
    if (duration.has_value() && *duration >= 0) {
      time = now - *duration;
      return absl::OkStatus();
    }
  }
  time = ParseRfc3339(text);
  if (!time.has_value()) {
    return InvalidArgument(
        "%s: \"%s\" is no time: expected 2026-11-23T18:00:00Z, or -2h for 2 h ago", name, text);
  }
  return absl::OkStatus();
}

absl::Status ParseIdPrefix(const std::string& text, std::string& prefix) {
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (text.empty() || text.size() > kWholeIdDigits ||
      !std::all_of(text.begin(), text.end(), is_digit)) {
    return InvalidArgument("id: \"%s\" is no alert id: expected up to 32 lower-case hex digits",
                           text);
  }
  prefix = text;
  return absl::OkStatus();
}

absl::Status ParseLimit(std::string_view text, std::size_t& limit) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1 ||
      value > AlertQuery::kMaxLimit) {
    return InvalidArgument("limit: \"%s\" is no number from 1 to %d", text, AlertQuery::kMaxLimit);
  }
  limit = value;
  return absl::OkStatus();
}

absl::Status ParseCount(std::string_view text, bool& count) {
  if (text != "true" && text != "false") {
    return InvalidArgument("count: \"%s\" is none of true, false", text);
  }
  count = text == "true";
  return absl::OkStatus();
}

absl::Status ParseParameter(const std::string& name, const std::string& value, Micros now,
                            AlertQuery& query) {
  if (name == "rule") {
    return ParseText(value, query.rule);
  }
  if (name == "level") {
    return ParseLevel(value, query.min_level);
  }
  if (name == "actor") {
    return ParseText(value, query.actor);
  }
  if (name == "cluster") {
    return ParseText(value, query.cluster);
  }
  if (name == "from") {
    return ParseTime(name, value, now, query.from);
  }
  if (name == "to") {
    return ParseTime(name, value, now, query.to);
  }
  if (name == "state") {
    return ParseState(value, query.state);
  }
  if (name == "id") {
    return ParseIdPrefix(value, query.id_prefix);
  }
  if (name == "cursor") {
    query.cursor = value;  // judged by the reader, which made it
    return absl::OkStatus();
  }
  if (name == "limit") {
    return ParseLimit(value, query.limit);
  }
  if (name == "count") {
    return ParseCount(value, query.count);
  }
  return InvalidArgument(
      "unknown parameter \"%s\": expected rule, level, actor, cluster, from, to, state, id, "
      "cursor, "
      "limit or count",
      name);
}

void AppendParameter(std::string& text, std::string_view name, std::string_view value) {
  if (!text.empty()) {
    text.push_back('&');
  }
  text.append(name).push_back('=');
  for (const char c : value) {
    const bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                          (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.' || c == '~';
    if (is_plain) {
      text.push_back(c);
    } else {
      absl::StrAppendFormat(&text, "%%%02X", static_cast<unsigned char>(c));
    }
  }
}

void AppendText(std::string& text, std::string_view name, const std::optional<std::string>& value) {
  if (value.has_value()) {
    AppendParameter(text, name, *value);
  }
}

void AppendTime(std::string& text, std::string_view name, std::optional<Micros> time) {
  if (time.has_value()) {
    AppendParameter(text, name, FormatRfc3339(*time));
  }
}

}  // namespace

absl::StatusOr<AlertQuery> ParseAlertQuery(const Parameters& parameters, Micros now) {
  AlertQuery query;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const auto& [name, value] = parameters[i];
    for (std::size_t j = 0; j < i; ++j) {
      if (parameters[j].first == name) {
        return InvalidArgument("%s: given twice", name);
      }
    }
    RETURN_IF_ERROR(ParseParameter(name, value, now, query));
  }
  return query;
}

std::string ToQueryString(const AlertQuery& query) {
  std::string text;
  AppendText(text, "rule", query.rule);
  if (query.min_level != Severity::kInformational) {
    AppendParameter(text, "level", SeverityName(query.min_level));
  }
  AppendText(text, "actor", query.actor);
  AppendText(text, "cluster", query.cluster);
  AppendTime(text, "from", query.from);
  AppendTime(text, "to", query.to);
  for (const auto& [name, state] : kStates) {
    if (state == query.state) {
      AppendParameter(text, "state", name);
    }
  }
  if (!query.id_prefix.empty()) {
    AppendParameter(text, "id", query.id_prefix);
  }
  if (!query.cursor.empty()) {
    AppendParameter(text, "cursor", query.cursor);
  }
  if (query.limit != AlertQuery::kDefaultLimit) {
    AppendParameter(text, "limit", absl::StrFormat("%d", query.limit));
  }
  if (query.count) {
    AppendParameter(text, "count", "true");
  }
  return text;
}

}  // namespace hark::alert
