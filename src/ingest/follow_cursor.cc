#include "ingest/follow_cursor.h"

#include <array>
#include <charconv>
#include <cstddef>
#include <optional>

#include "absl/strings/str_format.h"

#include "base/hash128.h"
#include "base/status_macros.h"

namespace hark::ingest {
namespace {

constexpr std::string_view kVersion = "file1";
constexpr std::string_view kEnd = "end";

std::string OffsetText(std::uint64_t offset) {
  return offset == FilePlace::kEndOfFile ? std::string(kEnd) : absl::StrFormat("%d", offset);
}

std::optional<std::uint64_t> ParseNumber(std::string_view text) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  const bool is_number = error == std::errc() && stopped == end;
  return is_number ? std::optional(value) : std::nullopt;
}

std::optional<std::uint64_t> ParseOffset(std::string_view text) {
  return text == kEnd ? FilePlace::kEndOfFile : ParseNumber(text);
}

std::optional<Hash128> ParseHash(std::string_view text) {
  Hash128 hash{};
  if (text.size() != 2 * hash.size()) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < hash.size(); ++i) {
    const char* const digits = text.data() + 2 * i;
    const auto [stopped, error] = std::from_chars(digits, digits + 2, hash[i], 16);
    if (error != std::errc() || stopped != digits + 2) {
      return std::nullopt;
    }
  }
  return hash;
}

std::optional<FollowCursor> ParseFields(std::string_view text) {
  std::array<std::string_view, 6> fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::size_t end = i + 1 < fields.size() ? text.find(' ') : text.size();
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
    fields[i] = text.substr(0, end);
    text.remove_prefix(end < text.size() ? end + 1 : end);
  }
  const auto position = ParseNumber(fields[1]);
  const auto start = ParseNumber(fields[2]);
  const auto size = ParseNumber(fields[3]);
  const auto hash = ParseHash(fields[4]);
  const auto offset = ParseOffset(fields[5]);
  if (fields[0] != kVersion || !position || !start || !size || !hash || !offset || *size == 0 ||
      *size > Fingerprint::kMaxBytes) {
    return std::nullopt;
  }
  return FollowCursor{
      .position = *position,
      .place = {.file = {.start = *start, .size = *size, .hash = *hash}, .offset = *offset}};
}

}  // namespace

std::string FollowCursor::ToText() const {
  return absl::StrFormat("%s %d %d %d %s %s", kVersion, position, place.file.start, place.file.size,
                         ToHex(place.file.hash), OffsetText(place.offset));
}

absl::StatusOr<FollowCursor> FollowCursor::Parse(std::string_view text) {
  const std::optional<FollowCursor> cursor = ParseFields(text);
  // There is one way to write each cursor: others, as with leading zeros, are damaged.
  if (!cursor || cursor->ToText() != text) {
    return InvalidArgument("\"%s\" is not where a log was read to", text);
  }
  return *cursor;
}

}  // namespace hark::ingest
