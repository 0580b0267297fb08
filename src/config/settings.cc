#include "config/settings.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

#include "base/spelling.h"
#include "base/text.h"
#include "config/interpolation.h"

namespace hark::config {
namespace {

constexpr std::string_view kPrefix = "HARK_";
constexpr std::size_t kMaxShownBytes = 100;

std::string Join(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : absl::StrFormat("%s.%s", path, key);
}

std::string DidYouMean(std::string_view text, const std::vector<std::string>& names) {
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  return hark::DidYouMean(text, candidates);
}

// ", not 'dbug'; did you mean 'debug'?": the end of a message about a value that may be shown.
std::string NotThis(const ValueType& type, std::string_view text) {
  if (type.kind == ValueKind::kText || IsPath(type)) {
    return "";
  }
  return absl::StrFormat(", not '%s'%s", CutUtf8(text, kMaxShownBytes),
                         hark::DidYouMean(text, type.choices));
}

// Kubernetes sets such variables in every container where a Service is named hark.
bool IsOfAKubernetesService(std::string_view name) {
  return name.starts_with("HARK_SERVICE_") || name.starts_with("HARK_PORT");
}

std::vector<std::string> KeyNames(const Section& section) {
  std::vector<std::string> names;
  for (const Key& key : section.keys) {
    names.push_back(key.name);
  }
  return names;
}

}  // namespace

std::string VariableName(std::string_view path) {
  std::string name = absl::StrFormat("%s%s", kPrefix, path);
  absl::AsciiStrToUpper(&name);
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

SettingsReader::SettingsReader(const Section& schema, void* target, std::string folder,
                               const Surroundings& surroundings, Diagnostics& diagnostics)
    : schema_(schema),
      target_(target),
      folder_(std::move(folder)),
      surroundings_(surroundings),
      diagnostics_(diagnostics) {}

void SettingsReader::ReadFile(const YamlNode& root) {
  if (root.is_null()) {
    return;
  }
  if (!root.is_map()) {
    diagnostics_.Error(root.location, absl::StrFormat("the configuration must be a map, not %s",
                                                      KindName(root.kind)));
    return;
  }
  ReadMap(root, schema_, target_, "");
}

void SettingsReader::ReadVariables() {
  std::vector<std::string> names;
  for (const Place& place : Places()) {
    const std::string name = VariableName(place.path);
    names.push_back(name);
    const auto variable = surroundings_.variables.find(name);
    if (variable != surroundings_.variables.end() && !variable->second.empty()) {
      ReadOutside(variable->second, place, {Origin::Kind::kEnvironment, {name, 0, 0}});
    }
  }
  WarnOfUnknownVariables(names);
}

void SettingsReader::ReadOverride(const Override& override) {
  const Origin origin = {Origin::Kind::kFlag, {override.flag, 0, 0}};
  std::vector<std::string> paths;
  for (const Place& place : Places()) {
    if (place.path == override.path) {
      ReadOutside(override.text, place, origin);
      return;
    }
    paths.push_back(place.path);
  }
  diagnostics_.Error(origin.location, absl::StrFormat("there is no setting '%s'%s", override.path,
                                                      DidYouMean(override.path, paths)));
}

bool SettingsReader::HoldsSecret(const Location& place) const {
  return secret_lines_.contains({place.file, place.line});
}

void SettingsReader::ReadMap(const YamlNode& map, const Section& section, void* owner,
                             const std::string& path) {
  for (std::size_t i = 0; i < map.keys.size(); ++i) {
    const YamlNode& name = map.keys[i];
    const Key* const key = section.Find(name.text);
    if (key == nullptr) {
      diagnostics_.Error(name.location,
                         absl::StrFormat("there is no setting '%s'%s", Join(path, name.text),
                                         DidYouMean(name.text, KeyNames(section))));
      continue;
    }
    ReadKey(map.items[i], {key, owner, Join(path, name.text)});
  }
}

void SettingsReader::ReadKey(const YamlNode& node, const Place& place) {
  if (node.is_null()) {
    return;
  }
  switch (place.key->kind) {
    case Key::Kind::kSection:
      if (node.is_map()) {
        ReadMap(node, *place.key->section, place.key->enter(place.owner, 0), place.path);
        return;
      }
      diagnostics_.Error(node.location, absl::StrFormat("'%s' must be a map, not %s", place.path,
                                                        KindName(node.kind)));
      return;
    case Key::Kind::kSections:
      ReadMaps(node, place);
      return;
    case Key::Kind::kValue:
    case Key::Kind::kValues:
      ReadScalars(node, place);
      return;
  }
}

void SettingsReader::ReadMaps(const YamlNode& list, const Place& place) {
  if (!list.is_list()) {
    diagnostics_.Error(list.location, absl::StrFormat("'%s' must be a list of maps, not %s",
                                                      place.path, KindName(list.kind)));
    return;
  }
  const Section& section = *place.key->section;
  ForgetOrigins(place.path);
  origins_[place.path] = {Origin::Kind::kFile, list.location};
  place.key->assign_defaults(place.owner, list.items.size());
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    const YamlNode& item = list.items[i];
    const std::string path = absl::StrFormat("%s[%d]", place.path, i);
    if (!item.is_map()) {
      diagnostics_.Error(item.location,
                         absl::StrFormat("'%s' must be a map, not %s", path, KindName(item.kind)));
      continue;
    }
    ReadMap(item, section, place.key->enter(place.owner, i), path);
    for (const Key& key : section.keys) {
      const YamlNode* const value = item.Find(key.name);
      if (key.required && (value == nullptr || value->is_null())) {
        diagnostics_.Error(item.location, absl::StrFormat("'%s' is missing", Join(path, key.name)));
      }
    }
  }
}

void SettingsReader::ReadScalars(const YamlNode& node, const Place& place) {
  const bool is_list = place.key->kind == Key::Kind::kValues;
  if (is_list ? !node.is_list() : !node.is_scalar()) {
    diagnostics_.Error(
        node.location,
        absl::StrFormat("'%s' must be %s, not %s", place.path,
                        is_list ? "a list" : Expected(place.key->type), KindName(node.kind)));
    return;
  }
  std::vector<Candidate> candidates;
  bool is_good = true;
  if (!is_list) {
    is_good = Expand(node, place, candidates);
  }
  for (const YamlNode& item : node.items) {
    if (item.is_scalar()) {
      is_good = Expand(item, place, candidates) && is_good;
      continue;
    }
    is_good = false;
    diagnostics_.Error(item.location, absl::StrFormat("'%s' must be a list of texts, not of %s",
                                                      place.path, KindName(item.kind)));
  }
  if (is_good) {
    Assign(candidates, place, {Origin::Kind::kFile, node.location});
  }
}

bool SettingsReader::Expand(const YamlNode& scalar, const Place& place,
                            std::vector<Candidate>& candidates) {
  if (place.key->secret) {
    secret_lines_.emplace(scalar.location.file, scalar.location.line);
  }
  Interpolated expanded = Interpolate(scalar.text, folder_, surroundings_);
  for (Interpolated::Problem& problem : expanded.problems) {
    diagnostics_.Error(scalar.Within(problem.offset), std::move(problem.message));
  }
  if (!expanded.problems.empty()) {
    return false;
  }
  if (expanded.secret && IsPath(place.key->type)) {
    diagnostics_.Error(scalar.location, absl::StrFormat("'%s' is a path: write the path itself, "
                                                        "not ${file:...}",
                                                        place.path));
    return false;
  }
  if (IsPath(place.key->type)) {
    expanded.text = ResolvePath(folder_, expanded.text);
  }
  candidates.push_back({std::move(expanded.text), scalar.location, expanded.secret});
  return true;
}

void SettingsReader::ReadOutside(const std::string& text, const Place& place,
                                 const Origin& origin) {
  std::vector<Candidate> candidates;
  if (place.key->kind == Key::Kind::kValue) {
    candidates.push_back({text, origin.location});
  } else {
    std::vector<std::string> items = absl::StrSplit(text, ',');
    for (std::string& item : items) {
      candidates.push_back({std::move(item), origin.location});
    }
  }
  Assign(candidates, place, origin);
}

void SettingsReader::Assign(const std::vector<Candidate>& candidates, const Place& place,
                            Origin origin) {
  origin.secret = place.key->secret;
  std::vector<Value> values;
  for (const Candidate& candidate : candidates) {
    std::optional<Value> value = Parse(candidate, place);
    if (value.has_value()) {
      values.push_back(*std::move(value));
    }
    origin.secret = origin.secret || candidate.secret;
  }
  if (values.size() == candidates.size()) {
    place.key->set(place.owner, std::move(values));
    origins_[place.path] = std::move(origin);
  }
}

std::optional<Value> SettingsReader::Parse(const Candidate& candidate, const Place& place) {
  absl::StatusOr<Value> value = ParseValue(place.key->type, candidate.text);
  if (value.ok()) {
    if (place.key->type.kind == ValueKind::kSecretFile && !candidate.text.empty()) {
      WarnOfSecretFile(candidate, place);
    }
    return *std::move(value);
  }
  const bool is_secret = place.key->secret || candidate.secret;
  diagnostics_.Error(candidate.location,
                     absl::StrFormat("'%s' %s%s", place.path, std::string(value.status().message()),
                                     is_secret ? "" : NotThis(place.key->type, candidate.text)));
  return std::nullopt;
}

void SettingsReader::WarnOfSecretFile(const Candidate& candidate, const Place& place) {
  const absl::StatusOr<std::string> secret = surroundings_.read_file(candidate.text);
  if (!secret.ok()) {
    diagnostics_.Warning(
        candidate.location,
        absl::StrFormat("'%s': %s", place.path, std::string(secret.status().message())));
  } else if (secret->empty()) {
    diagnostics_.Warning(candidate.location,
                         absl::StrFormat("'%s': %s is empty", place.path, candidate.text));
  }
}

void SettingsReader::ForgetOrigins(const std::string& path) {
  const std::string items = path + "[";
  for (auto origin = origins_.begin(); origin != origins_.end();) {
    const bool is_within = origin->first == path || origin->first.starts_with(items);
    origin = is_within ? origins_.erase(origin) : std::next(origin);
  }
}

void SettingsReader::WarnOfUnknownVariables(const std::vector<std::string>& names) {
  for (const auto& [name, text] : surroundings_.variables) {
    const bool is_known = std::find(names.begin(), names.end(), name) != names.end();
    if (!name.starts_with(kPrefix) || is_known || IsOfAKubernetesService(name)) {
      continue;
    }
    const std::string hint = DidYouMean(name, names);
    if (!hint.empty()) {
      diagnostics_.Warning({name, 0, 0}, "this variable sets nothing" + hint);
    }
  }
}

std::vector<SettingsReader::Place> SettingsReader::Places() const {
  struct Frame {
    const Section* section;
    void* owner;
    std::string path;
  };
  std::vector<Place> places;
  std::vector<Frame> frames = {{&schema_, target_, ""}};
  while (!frames.empty()) {
    const Frame frame = std::move(frames.back());
    frames.pop_back();
    for (const Key& key : frame.section->keys) {
      const std::string path = Join(frame.path, key.name);
      if (key.kind == Key::Kind::kSection) {
        frames.push_back({key.section.get(), key.enter(frame.owner, 0), path});
      } else if (key.kind != Key::Kind::kSections) {
        places.push_back({&key, frame.owner, path});
      }
    }
  }
  return places;
}

}  // namespace hark::config
