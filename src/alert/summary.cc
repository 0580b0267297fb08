#include "alert/summary.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "absl/strings/str_format.h"

#include "base/rfc3339.h"
#include "base/status_macros.h"
#include "base/text.h"

namespace hark::alert {
namespace {

constexpr std::size_t kMaxValueBytes = 200;
constexpr Micros kSecond = 1'000'000;
constexpr Micros kMinute = 60 * kSecond;

constexpr std::string_view kActorName = "actor.name";

// Enough for a person: whole seconds up to two minutes, then whole minutes, rounded up.
std::string ForPeople(Micros duration) {
  const Micros unit = duration <= 2 * kMinute ? kSecond : kMinute;
  return FormatDuration((duration + unit - 1) / unit * unit);
}

std::string Window(const Alert& alert) {
  const Micros taken = alert.last - alert.first;
  const Micros timespan = alert.rule->timespan;
  if (taken > timespan) {
    return ForPeople(taken);
  }
  return timespan == 0 ? "" : FormatDuration(timespan);
}

std::string WholeSeconds(Micros time) {
  constexpr std::size_t kDateTimeSize = 19;
  return FormatRfc3339(time).substr(0, kDateTimeSize) + "Z";
}

struct Placeholder {
  std::string_view name;
  std::string (*render)(const Alert& alert);
};

constexpr std::array<Placeholder, 15> kPlaceholders = {{
    {kActorName, [](const Alert& alert) { return std::string(ActorName(alert)); }},
    {"actor.type", [](const Alert& alert) { return alert.opening.actor_type; }},
    {"source.ip", [](const Alert& alert) { return alert.opening.source_ip; }},
    {"verb", [](const Alert& alert) { return alert.opening.verb; }},
    {"resource", [](const Alert& alert) { return alert.opening.resource; }},
    {"namespace", [](const Alert& alert) { return alert.opening.namespace_name; }},
    {"name", [](const Alert& alert) { return alert.opening.name; }},
    {"uri", [](const Alert& alert) { return alert.opening.uri; }},
    {"cluster", [](const Alert& alert) { return alert.cluster; }},
    {"count", [](const Alert& alert) { return absl::StrFormat("%d", alert.count); }},
    {"total", [](const Alert& alert) { return absl::StrFormat("%d", alert.total); }},
    {"namespaces",
     [](const Alert& alert) { return absl::StrFormat("%d", alert.namespaces.size()); }},
    {"window", Window},
    {"first", [](const Alert& alert) { return WholeSeconds(alert.first); }},
    {"last", [](const Alert& alert) { return WholeSeconds(alert.last); }},
}};

const Placeholder* FindPlaceholder(std::string_view name) {
  const auto* const found =
      std::find_if(kPlaceholders.begin(), kPlaceholders.end(),
                   [&](const Placeholder& placeholder) { return placeholder.name == name; });
  return found == kPlaceholders.end() ? nullptr : found;
}

bool IsGroupBy(const RuleInfo& rule, std::string_view name) {
  return std::find(rule.group_by.begin(), rule.group_by.end(), name) != rule.group_by.end();
}

// nullopt if the rule does not group by it. Where it does, the group's value is that of every
// event of the episode, so it comes before that of the opening event.
std::optional<std::string> GroupText(const Alert& alert, std::string_view name) {
  const std::vector<std::string>& fields = alert.rule->group_by;
  for (std::size_t i = 0; i < std::min(fields.size(), alert.group.size()); ++i) {
    if (fields[i] == name) {
      return alert.group[i].value_or("");
    }
  }
  return std::nullopt;
}

std::optional<std::string> ValueOf(const Alert& alert, std::string_view name) {
  std::optional<std::string> value = GroupText(alert, name);
  const Placeholder* const placeholder = FindPlaceholder(name);
  if (placeholder != nullptr && (!value.has_value() || name == kActorName)) {
    value = placeholder->render(alert);
  }
  return value;
}

std::string Shortened(const std::string& value) {
  if (value.size() <= kMaxValueBytes) {
    return value.empty() ? "-" : value;
  }
  return std::string(CutUtf8(value, kMaxValueBytes)) + "...";
}

// Calls `on_text` and `on_placeholder` (with the name between the braces) for the parts of a
// template, in order.
void ForEachPart(std::string_view text, const std::function<void(std::string_view)>& on_text,
                 const std::function<void(std::string_view)>& on_placeholder) {
  while (!text.empty()) {
    const std::size_t close = text.find('}');
    const std::size_t open =
        close == std::string_view::npos ? std::string_view::npos : text.rfind('{', close);
    if (close == std::string_view::npos || open == std::string_view::npos) {
      const std::size_t size = close == std::string_view::npos ? text.size() : close + 1;
      on_text(text.substr(0, size));
      text.remove_prefix(size);
      continue;
    }
    on_text(text.substr(0, open));
    on_placeholder(text.substr(open + 1, close - open - 1));
    text.remove_prefix(close + 1);
  }
}

}  // namespace

std::string_view ActorName(const Alert& alert) {
  return alert.opening.actor_name.empty() ? "unauthenticated"
                                          : std::string_view(alert.opening.actor_name);
}

std::string RenderTemplate(std::string_view text, const Alert& alert) {
  std::string sentence;
  ForEachPart(
      text, [&](std::string_view part) { sentence.append(part); },
      [&](std::string_view name) {
        const std::optional<std::string> value = ValueOf(alert, name);
        sentence.append(value.has_value() ? Shortened(*value) : absl::StrFormat("{%s}", name));
      });
  return sentence;
}

std::string RenderSummary(const Alert& alert) {
  return alert.rule->summary.empty() ? alert.rule->title
                                     : RenderTemplate(alert.rule->summary, alert);
}

absl::Status CheckSummary(const RuleInfo& rule) {
  std::string unknown;
  ForEachPart(
      rule.summary, [](std::string_view) {},
      [&](std::string_view name) {
        if (FindPlaceholder(name) == nullptr && !IsGroupBy(rule, name)) {
          absl::StrAppendFormat(&unknown, " {%s}", name);
        }
      });
  if (!unknown.empty()) {
    return InvalidArgument("summary has placeholders that nothing can fill:%s", unknown);
  }
  return absl::OkStatus();
}

}  // namespace hark::alert
