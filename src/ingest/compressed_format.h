#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hark::ingest {

// How the bytes that follow are compressed, told by their first ones.
enum class CompressedFormat : std::uint8_t {
  kNone,
  kGzip,  // 1f 8b 08: a gzip member
  kZstd,  // 28 b5 2f fd, or 5? 2a 4d 18 for a frame that is to be skipped
};

// So many bytes tell every format.
constexpr std::size_t kMagicBytes = 4;

CompressedFormat FormatOf(std::string_view bytes);

// Where in `bytes` the first gzip member or zstd frame with content may begin; npos if nowhere. A
// frame that is to be skipped does not count: nothing in it could show that it is one.
std::size_t FindMagic(std::string_view bytes);

}  // namespace hark::ingest
