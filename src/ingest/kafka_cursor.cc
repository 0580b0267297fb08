#include "ingest/kafka_cursor.h"

#include <charconv>

#include "absl/strings/str_format.h"

#include "base/status_macros.h"

namespace hark::ingest {
namespace {

constexpr std::string_view kVersion = "kafka1 ";

}  // namespace

std::string KafkaCursor::ToText() const {
  return absl::StrFormat("%s%d%s%s", kVersion, offset, topic_id.empty() ? "" : " ", topic_id);
}

absl::StatusOr<KafkaCursor> KafkaCursor::Parse(std::string_view text) {
  KafkaCursor cursor;
  if (text.starts_with(kVersion)) {
    const std::string_view number = text.substr(kVersion.size());
    const char* const end = number.data() + number.size();
    const auto [stopped, error] = std::from_chars(number.data(), end, cursor.offset);
    if (error == std::errc() && stopped < end) {
      cursor.topic_id.assign(stopped + 1, end);
    }
    // There is one way to write each cursor: others, as with leading zeros, are damaged.
    if (error == std::errc() && cursor.offset >= 0 && cursor.ToText() == text) {
      return cursor;
    }
  }
  return InvalidArgument("\"%s\" is not where a partition was read to", text);
}

}  // namespace hark::ingest
