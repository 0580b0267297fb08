#include "rules/known_components.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <utility>

namespace hark::rules {
namespace {

constexpr std::string_view kServiceAccountPrefix = "system:serviceaccount:";

bool NameMatches(std::string_view name, std::string_view suffix) {
  if (!name.ends_with(suffix)) {
    return false;
  }
  return name.size() == suffix.size() || name[name.size() - suffix.size() - 1] == '-';
}

}  // namespace

std::string_view KnownName(Known known) {
  switch (known) {
    case Known::kNone:
      return "none";
    case Known::kPattern:
      return "pattern";
    case Known::kExact:
      return "exact";
  }
  return "none";
}

void KnownComponents::AddExact(std::string_view user_name) {
  exact_.emplace(user_name);
}

void KnownComponents::AddPattern(std::string_view namespace_name, std::string_view name_suffix) {
  const std::pair key(namespace_name, name_suffix);
  const auto key_of = [](const Pattern& pattern) {
    return std::pair<std::string_view, std::string_view>(pattern.namespace_name,
                                                         pattern.name_suffix);
  };
  const auto place = std::lower_bound(
      patterns_.begin(), patterns_.end(), key,
      [&](const Pattern& pattern, const auto& wanted) { return key_of(pattern) < wanted; });
  if (place == patterns_.end() || key_of(*place) != key) {
    patterns_.insert(place, {std::string(namespace_name), std::string(name_suffix)});
  }
}

Known KnownComponents::Lookup(std::string_view user_name) const {
  if (exact_.contains(user_name)) {
    return Known::kExact;
  }
  if (!user_name.starts_with(kServiceAccountPrefix)) {
    return Known::kNone;
  }
  const std::string_view rest = user_name.substr(kServiceAccountPrefix.size());
  const std::size_t colon = rest.find(':');
  if (colon == std::string_view::npos) {
    return Known::kNone;
  }
  const std::string_view namespace_name = rest.substr(0, colon);
  const std::string_view name = rest.substr(colon + 1);
  auto pattern = std::lower_bound(patterns_.begin(), patterns_.end(), namespace_name,
                                  [](const Pattern& candidate, std::string_view wanted) {
                                    return candidate.namespace_name < wanted;
                                  });
  for (; pattern != patterns_.end() && pattern->namespace_name == namespace_name; ++pattern) {
    if (NameMatches(name, pattern->name_suffix)) {
      return Known::kPattern;
    }
  }
  return Known::kNone;
}

std::string KnownComponents::Canonical() const {
  const std::set<std::string_view> sorted(exact_.begin(), exact_.end());
  std::string text;
  for (const std::string_view name : sorted) {
    text.append("exact ").append(name).append("\n");
  }
  for (const Pattern& pattern : patterns_) {
    text.append("pattern ").append(pattern.namespace_name);
    text.append(":").append(pattern.name_suffix).append("\n");
  }
  return text;
}

}  // namespace hark::rules
