#include <array>
#include <string_view>

#include "absl/strings/str_format.h"

#include "rules/document.h"
#include "rules/node_access.h"

namespace hark::rules {
namespace {

constexpr std::array kLists = std::to_array<std::string_view>({"known_components"});
constexpr std::array kGrades = std::to_array<std::string_view>({"exact", "patterns"});
constexpr std::array kPatternKeys = std::to_array<std::string_view>({"namespace", "name"});

void ReadPattern(const YamlNode& node, KnownComponents& known_components,
                 Diagnostics& diagnostics) {
  if (!node.is_map()) {
    diagnostics.Error(node.location,
                      absl::StrFormat("a pattern must be a map of 'namespace' and 'name', not %s",
                                      KindName(node.kind)));
    return;
  }
  CheckKeys(node, kPatternKeys, UnknownKeys::kError, diagnostics);
  const std::optional<PlacedText> namespace_name = ReadText(node, "namespace", diagnostics);
  const std::optional<PlacedText> name = ReadText(node, "name", diagnostics);
  if (!namespace_name.has_value() || !name.has_value() || namespace_name->text.empty() ||
      name->text.empty()) {
    diagnostics.Error(node.location, "a pattern needs a 'namespace' and a 'name'");
    return;
  }
  known_components.AddPattern(namespace_name->text, name->text);
}

}  // namespace

void ReadListDocument(const YamlNode& node, KnownComponents& known_components,
                      Diagnostics& diagnostics) {
  if (node.is_null()) {
    return;
  }
  if (!node.is_map()) {
    diagnostics.Error(node.location, absl::StrFormat("a file of lists must be a map, not %s",
                                                     KindName(node.kind)));
    return;
  }
  CheckKeys(node, kLists, UnknownKeys::kError, diagnostics);
  const YamlNode* const list = node.Find("known_components");
  if (list == nullptr || list->is_null()) {
    return;
  }
  if (!list->is_map()) {
    diagnostics.Error(list->location, absl::StrFormat("'known_components' must be a map of 'exact' "
                                                      "and 'patterns', not %s",
                                                      KindName(list->kind)));
    return;
  }
  CheckKeys(*list, kGrades, UnknownKeys::kError, diagnostics);
  for (const PlacedText& name : ReadTexts(*list, "exact", diagnostics)) {
    known_components.AddExact(name.text);
  }
  const YamlNode* const patterns = list->Find("patterns");
  if (patterns == nullptr || patterns->is_null()) {
    return;
  }
  if (!patterns->is_list()) {
    diagnostics.Error(patterns->location, absl::StrFormat("'patterns' must be a list, not %s",
                                                          KindName(patterns->kind)));
    return;
  }
  for (const YamlNode& pattern : patterns->items) {
    ReadPattern(pattern, known_components, diagnostics);
  }
}

}  // namespace hark::rules
