#include "ingest/compressed_format.h"

namespace hark::ingest {
namespace {

constexpr std::string_view kGzipMagic = "\x1f\x8b\x08";
constexpr std::string_view kZstdMagic = "\x28\xb5\x2f\xfd";
constexpr std::string_view kSkippableMagicEnd = "\x2a\x4d\x18";

bool IsSkippable(std::string_view bytes) {
  return bytes.size() >= kMagicBytes && (static_cast<unsigned char>(bytes[0]) & 0xf0U) == 0x50U &&
         bytes.substr(1).starts_with(kSkippableMagicEnd);
}

}  // namespace

CompressedFormat FormatOf(std::string_view bytes) {
  if (bytes.starts_with(kGzipMagic)) {
    return CompressedFormat::kGzip;
  }
  if (bytes.starts_with(kZstdMagic) || IsSkippable(bytes)) {
    return CompressedFormat::kZstd;
  }
  return CompressedFormat::kNone;
}

std::size_t FindMagic(std::string_view bytes) {
  // One pass for both: a search for each would look at the same bytes again after every find of the
  // other.
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char first = bytes[i];
    if ((first == kGzipMagic[0] && bytes.substr(i).starts_with(kGzipMagic)) ||
        (first == kZstdMagic[0] && bytes.substr(i).starts_with(kZstdMagic))) {
      return i;
    }
  }
  return std::string_view::npos;
}

}  // namespace hark::ingest
