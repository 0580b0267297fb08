#include "server/target.h"

#include <cstddef>
#include <optional>

#include "absl/status/status.h"

#include "base/status_macros.h"
#include "base/utf8.h"

namespace hark::server {
namespace {

std::optional<unsigned> HexDigit(char c) {
  if (c >= '0' && c <= '9') {
    return static_cast<unsigned>(c - '0');
  }
  const char lower = static_cast<char>(c | 0x20);
  if (lower >= 'a' && lower <= 'f') {
    return static_cast<unsigned>(lower - 'a' + 10);
  }
  return std::nullopt;
}

enum class Plus { kIsPlus, kIsSpace };

std::optional<std::string> PercentDecode(std::string_view text, Plus plus) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == Plus::kIsSpace) {
      decoded.push_back(' ');
    } else if (text[i] != '%') {
      decoded.push_back(text[i]);
    } else {
      if (i + 2 >= text.size()) {
        return std::nullopt;
      }
      const std::optional<unsigned> high = HexDigit(text[i + 1]);
      const std::optional<unsigned> low = HexDigit(text[i + 2]);
      if (!high || !low) {
        return std::nullopt;
      }
      decoded.push_back(static_cast<char>(*high * 16 + *low));
      i += 2;
    }
  }
  return decoded;
}

bool IsText(std::string_view text) {
  while (!text.empty()) {
    const Utf8Character character = DecodeUtf8(text);
    if (!character.valid || IsInvisible(character.code_point)) {
      return false;
    }
    text.remove_prefix(character.length);
  }
  return true;
}

absl::StatusOr<std::string> Decode(std::string_view text, Plus plus) {
  std::optional<std::string> decoded = PercentDecode(text, plus);
  if (!decoded || !IsText(*decoded)) {
    return absl::InvalidArgumentError("the request target cannot be decoded");
  }
  return *std::move(decoded);
}

// Cuts the text up to the separator, or all of it, off the front of `rest`.
std::string_view TakeUntil(char separator, std::string_view& rest) {
  const std::string_view taken = rest.substr(0, rest.find(separator));
  rest.remove_prefix(std::min(rest.size(), taken.size() + 1));
  return taken;
}

}  // namespace

absl::StatusOr<Target> ParseTarget(std::string_view text) {
  if (text.empty() || text.front() != '/') {
    return absl::InvalidArgumentError("the request target is no path");
  }
  Target target;
  std::string_view query = text;
  std::string_view path = TakeUntil('?', query);
  path.remove_prefix(1);
  bool more = !path.empty();
  while (more) {
    more = path.find('/') != std::string_view::npos;
    ASSIGN_OR_RETURN(std::string segment, Decode(TakeUntil('/', path), Plus::kIsPlus));
    target.segments.push_back(std::move(segment));
  }
  while (!query.empty()) {
    std::string_view value = TakeUntil('&', query);
    if (value.empty()) {
      continue;
    }
    ASSIGN_OR_RETURN(std::string key, Decode(TakeUntil('=', value), Plus::kIsSpace));
    ASSIGN_OR_RETURN(target.query[std::move(key)], Decode(value, Plus::kIsSpace));
  }
  return target;
}

}  // namespace hark::server
