#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "hark/event.h"

#include "base/diagnostics.h"
#include "base/yaml_node.h"
#include "rules/document.h"

namespace hark::rules {

// Typed access to the values of YAML maps. Each function reports what is of a wrong kind; an
// absent key and a null are no error, but nullopt or empty.

std::optional<PlacedText> ReadText(const YamlNode& map, std::string_view key,
                                   Diagnostics& diagnostics);
// A text, or a list of texts.
std::vector<PlacedText> ReadTexts(const YamlNode& map, std::string_view key,
                                  Diagnostics& diagnostics);
std::optional<bool> ReadBool(const YamlNode& map, std::string_view key, Diagnostics& diagnostics);
// "5m": a number of s, m, h, d, w, M (30 days) or y (365 days), more than 0 and at most 10 years.
std::optional<Micros> ReadTimespan(const YamlNode& map, std::string_view key,
                                   Diagnostics& diagnostics);
std::optional<Severity> ReadLevel(const YamlNode& map, std::string_view key,
                                  Diagnostics& diagnostics);

// Whether a key that is not among the known ones is a mistake or may be somebody else's.
enum class UnknownKeys : std::uint8_t { kError, kWarning };
void CheckKeys(const YamlNode& map, std::span<const std::string_view> known, UnknownKeys unknown,
               Diagnostics& diagnostics);

std::optional<Micros> ParseTimespan(std::string_view text);

}  // namespace hark::rules
