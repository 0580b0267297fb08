#include "alert/revision_filter.h"

#include <algorithm>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"

#include "alert/parsed_alert.h"

namespace hark::alert {
namespace {

std::string Canonical(std::string_view tag) {
  constexpr std::string_view kPrefix = "attack.";
  std::string name(tag);
  absl::AsciiStrToLower(&name);
  return name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : name;
}

bool HasOne(const std::vector<std::string>& names, const std::vector<std::string>& tags) {
  return std::any_of(names.begin(), names.end(), [&tags](const std::string& name) {
    return std::any_of(tags.begin(), tags.end(), [&name](const std::string& tag) {
      return Canonical(tag) == Canonical(name);
    });
  });
}

}  // namespace

bool RevisionFilter::Passes(const Revision& revision) const {
  if (revision.level < min_level) {
    return false;
  }
  if (!rules.empty() &&
      std::none_of(rules.begin(), rules.end(), [&revision](const std::string& rule) {
        return rule == revision.rule_id || rule == revision.rule_name;
      })) {
    return false;
  }
  if (tags.empty()) {
    return true;
  }
  const absl::StatusOr<ParsedAlert> parsed = ParseAlert(revision.json);
  return parsed.ok() &&
         (HasOne(parsed->rule->tactics, tags) || HasOne(parsed->rule->techniques, tags));
}

}  // namespace hark::alert
