#pragma once

#include <zlib.h>
#include <zstd.h>

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "base/check.h"

namespace hark::testing {

// One gzip member.
inline std::string Gzip(std::string_view text, int level = Z_DEFAULT_COMPRESSION) {
  z_stream stream{};
  HARK_CHECK(deflateInit2(&stream, level, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) ==
             Z_OK);
  std::string member(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(member.data());
  stream.avail_out = static_cast<uInt>(member.size());
  HARK_CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  member.resize(stream.total_out);
  deflateEnd(&stream);
  return member;
}

// One zstd frame, with a checksum.
inline std::string Zstd(std::string_view text) {
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  std::string frame(ZSTD_compressBound(text.size()), '\0');
  const std::size_t size =
      ZSTD_compress2(context, frame.data(), frame.size(), text.data(), text.size());
  HARK_CHECK(ZSTD_isError(size) == 0);
  ZSTD_freeCCtx(context);
  frame.resize(size);
  return frame;
}

// A frame that zstd passes over.
inline std::string SkippableFrame(std::string_view content) {
  std::string frame("\x5a\x2a\x4d\x18", 4);
  for (std::size_t shift = 0; shift < 32; shift += 8) {
    frame += static_cast<char>(content.size() >> shift);
  }
  return frame.append(content);
}

// About `size` bytes of lines that compress about as well as an audit log.
inline std::string LogLines(std::size_t size, std::uint32_t seed = 1) {
  std::mt19937 random(seed);
  std::string text;
  while (text.size() < size) {
    text += R"({"kind":"Event","auditID":")" + std::to_string(random()) +
            R"(","stage":"ResponseComplete","verb":"get","user":{"username":"user-)" +
            std::to_string(random() % 100) + "\"}}\n";
  }
  return text;
}

}  // namespace hark::testing
