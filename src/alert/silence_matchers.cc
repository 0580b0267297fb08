#include "alert/silence_matchers.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"

#include "alert/alert_field.h"
#include "base/status_macros.h"
#include "re2/re2.h"

namespace hark::alert {
namespace {

void SkipBlanks(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t\n"), rest.size()));
}

// The text up to one of these characters, which stays.
std::string_view TakeUntil(std::string_view& rest, std::string_view ends) {
  const std::string_view taken = rest.substr(0, rest.find_first_of(ends));
  rest.remove_prefix(taken.size());
  return taken;
}

absl::StatusOr<std::string> TakeQuoted(std::string_view& rest) {
  std::size_t end = 1;
  while (end < rest.size() && rest[end] != '"') {
    end += rest[end] == '\\' ? std::size_t{2} : std::size_t{1};
  }
  if (end >= rest.size()) {
    return InvalidArgument("a quoted value has no end");
  }
  simdjson::dom::parser parser;
  std::string_view value;
  if (parser.parse(rest.data(), end + 1).get_string().get(value) != simdjson::SUCCESS) {
    return InvalidArgument("a quoted value must be a JSON string");
  }
  rest.remove_prefix(end + 1);
  return std::string(value);
}

absl::StatusOr<std::vector<std::string>> FieldsOf(std::string_view name) {
  if (name == "rule") {
    return std::vector<std::string>{"rule.name", "rule.id"};
  }
  if (name == "actor") {
    return std::vector<std::string>{"actor.name"};
  }
  if (name == "ip") {
    return std::vector<std::string>{"source.ip"};
  }
  RETURN_IF_ERROR(CheckAlertField(name));
  return std::vector<std::string>{std::string(name)};
}

// What the alert has in any of the fields; an empty text if it has none of them.
std::vector<std::string> ValuesOf(const simdjson::dom::element& alert,
                                  const std::vector<std::string>& fields) {
  std::vector<std::string> values;
  for (const std::string& field : fields) {
    simdjson::dom::element value;
    if (FindAlertField(alert, field).get(value) != simdjson::SUCCESS) {
      continue;
    }
    for (std::string& text : TextsOf(value)) {
      values.push_back(std::move(text));
    }
  }
  if (values.empty()) {
    values.emplace_back();
  }
  return values;
}

}  // namespace

absl::StatusOr<SilenceMatchers::Matcher> SilenceMatchers::ParseMatcher(std::string_view& rest) {
  Matcher matcher;
  SkipBlanks(rest);
  const std::string_view name = TakeUntil(rest, "=!~, \t\n\"");
  ASSIGN_OR_RETURN(matcher.fields, FieldsOf(name));
  SkipBlanks(rest);
  matcher.negated = rest.starts_with('!');
  const bool is_pattern = rest.starts_with("=~") || rest.starts_with("!~");
  if (!is_pattern && !rest.starts_with("!=") && !rest.starts_with('=')) {
    return InvalidArgument("'%s' must be followed by =, !=, =~ or !~", name);
  }
  rest.remove_prefix(is_pattern || matcher.negated ? 2 : 1);
  SkipBlanks(rest);
  if (rest.starts_with('"')) {
    ASSIGN_OR_RETURN(matcher.value, TakeQuoted(rest));
  } else {
    matcher.value = TakeUntil(rest, ", \t\n\"");
  }
  if (is_pattern) {
    matcher.pattern = std::make_shared<const RE2>(matcher.value, RE2::Quiet);
    if (!matcher.pattern->ok()) {
      return InvalidArgument("'%s' is no regular expression: %s", matcher.value,
                             matcher.pattern->error());
    }
  }
  SkipBlanks(rest);
  return matcher;
}

absl::StatusOr<SilenceMatchers> SilenceMatchers::Parse(std::string_view text) {
  SilenceMatchers parsed;
  for (std::string_view rest = text;;) {
    ASSIGN_OR_RETURN(Matcher matcher, ParseMatcher(rest));
    parsed.matchers_.push_back(std::move(matcher));
    if (rest.empty()) {
      break;
    }
    if (!rest.starts_with(',')) {
      return InvalidArgument("matchers must be separated by commas");
    }
    rest.remove_prefix(1);
  }
  if (std::all_of(parsed.matchers_.begin(), parsed.matchers_.end(),
                  [](const Matcher& matcher) { return Holds(matcher, ""); })) {
    return InvalidArgument("these matchers match every alert");
  }
  return parsed;
}

bool SilenceMatchers::Holds(const Matcher& matcher, const std::string& value) {
  const bool is_equal =
      matcher.pattern == nullptr ? value == matcher.value : RE2::FullMatch(value, *matcher.pattern);
  return is_equal != matcher.negated;
}

bool SilenceMatchers::Match(const simdjson::dom::element& alert) const {
  return std::all_of(matchers_.begin(), matchers_.end(), [&alert](const Matcher& matcher) {
    const std::vector<std::string> values = ValuesOf(alert, matcher.fields);
    const auto holds = [&matcher](const std::string& value) { return Holds(matcher, value); };
    return matcher.negated ? std::all_of(values.begin(), values.end(), holds)
                           : std::any_of(values.begin(), values.end(), holds);
  });
}

}  // namespace hark::alert
