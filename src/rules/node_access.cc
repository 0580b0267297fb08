#include "rules/node_access.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <system_error>

#include "absl/strings/str_format.h"

#include "base/names.h"
#include "base/spelling.h"

namespace hark::rules {
namespace {

constexpr std::array kLevels =
    std::to_array<std::string_view>({"informational", "low", "medium", "high", "critical"});

// The value of the key, unless it is absent or null.
const YamlNode* FindValue(const YamlNode& map, std::string_view key) {
  const YamlNode* const node = map.Find(key);
  return node == nullptr || node->is_null() ? nullptr : node;
}

Micros UnitOf(char unit) {
  constexpr Micros kSecond = 1'000'000;
  constexpr Micros kHour = 3600 * kSecond;
  constexpr Micros kDay = 24 * kHour;
  switch (unit) {
    case 's':
      return kSecond;
    case 'm':
      return 60 * kSecond;
    case 'h':
      return kHour;
    case 'd':
      return kDay;
    case 'w':
      return 7 * kDay;
    case 'M':
      return 30 * kDay;
    case 'y':
      return 365 * kDay;
    default:
      return 0;
  }
}

}  // namespace

std::optional<PlacedText> ReadText(const YamlNode& map, std::string_view key,
                                   Diagnostics& diagnostics) {
  const YamlNode* const node = FindValue(map, key);
  if (node == nullptr) {
    return std::nullopt;
  }
  if (!node->is_scalar()) {
    diagnostics.Error(node->location,
                      absl::StrFormat("'%s' must be text, not %s", key, KindName(node->kind)));
    return std::nullopt;
  }
  return PlacedText{node->text, node->location};
}

std::vector<PlacedText> ReadTexts(const YamlNode& map, std::string_view key,
                                  Diagnostics& diagnostics) {
  const YamlNode* const node = FindValue(map, key);
  if (node == nullptr) {
    return {};
  }
  std::vector<PlacedText> texts;
  if (node->is_scalar()) {
    texts.push_back({node->text, node->location});
    return texts;
  }
  if (node->is_map()) {
    diagnostics.Error(node->location,
                      absl::StrFormat("'%s' must be a list of texts, not a map", key));
    return {};
  }
  for (const YamlNode& item : node->items) {
    if (item.is_scalar()) {
      texts.push_back({item.text, item.location});
    } else {
      diagnostics.Error(item.location, absl::StrFormat("'%s' must be a list of texts, not of %s",
                                                       key, KindName(item.kind)));
    }
  }
  return texts;
}

std::optional<bool> ReadBool(const YamlNode& map, std::string_view key, Diagnostics& diagnostics) {
  const std::optional<PlacedText> text = ReadText(map, key, diagnostics);
  if (!text.has_value()) {
    return std::nullopt;
  }
  const std::string lower = LowerAscii(text->text);
  if (lower != "true" && lower != "false") {
    diagnostics.Error(text->location, absl::StrFormat("'%s' must be true or false", key));
    return std::nullopt;
  }
  return lower == "true";
}

std::optional<Micros> ParseTimespan(std::string_view text) {
  constexpr std::int64_t kMaxNumber = 1'000'000'000;  // times a year it still fits 63 bits
  const Micros longest = 10 * UnitOf('y');
  if (text.empty()) {
    return std::nullopt;
  }
  const char* const unit = text.data() + text.size() - 1;
  std::int64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), unit, number);
  if (error != std::errc() || stop != unit || number < 1 || number > kMaxNumber / 4) {
    return std::nullopt;
  }
  const Micros length = UnitOf(*unit);
  if (length == 0 || number > longest / length) {
    return std::nullopt;
  }
  return number * length;
}

std::optional<Micros> ReadTimespan(const YamlNode& map, std::string_view key,
                                   Diagnostics& diagnostics) {
  const std::optional<PlacedText> text = ReadText(map, key, diagnostics);
  if (!text.has_value()) {
    return std::nullopt;
  }
  const std::optional<Micros> timespan = ParseTimespan(text->text);
  if (!timespan.has_value()) {
    diagnostics.Error(text->location,
                      absl::StrFormat("'%s' must be a number above 0 and one of s m h d w M y, at "
                                      "most 10y: 5m, not '%s'",
                                      key, text->text));
  }
  return timespan;
}

std::optional<Severity> ReadLevel(const YamlNode& map, std::string_view key,
                                  Diagnostics& diagnostics) {
  const std::optional<PlacedText> text = ReadText(map, key, diagnostics);
  if (!text.has_value()) {
    return std::nullopt;
  }
  const std::optional<Severity> level = ParseSeverity(text->text);
  if (!level.has_value()) {
    diagnostics.Error(text->location, absl::StrFormat("there is no level '%s'%s", text->text,
                                                      DidYouMean(text->text, kLevels)));
  }
  return level;
}

void CheckKeys(const YamlNode& map, std::span<const std::string_view> known, UnknownKeys unknown,
               Diagnostics& diagnostics) {
  for (const YamlNode& key : map.keys) {
    if (std::find(known.begin(), known.end(), key.text) != known.end()) {
      continue;
    }
    const std::string message =
        absl::StrFormat("the key '%s' is not known here%s", key.text, DidYouMean(key.text, known));
    if (unknown == UnknownKeys::kError) {
      diagnostics.Error(key.location, message);
    } else {
      diagnostics.Warning(key.location, message);
    }
  }
}

}  // namespace hark::rules
