#include "ingest/gzip_decoder.h"

#include <algorithm>

#include "absl/status/status.h"

#include "base/check.h"

namespace hark::ingest {
namespace {

constexpr int kGzipOnly = 16;
// zlib counts in 32 bits.
constexpr std::size_t kMaxBytes = std::size_t{1} << 30;

}  // namespace

absl::StatusOr<std::unique_ptr<MemberDecoder>> GzipDecoder::Create() {
  std::unique_ptr<GzipDecoder> decoder(new GzipDecoder);
  if (inflateInit2(&decoder->stream_, MAX_WBITS + kGzipOnly) != Z_OK) {
    return absl::ResourceExhaustedError("no memory to decompress gzip");
  }
  return decoder;
}

GzipDecoder::~GzipDecoder() {
  inflateEnd(&stream_);
}

void GzipDecoder::Reset() {
  HARK_CHECK(inflateReset(&stream_) == Z_OK);
  output_was_full_ = false;
}

MemberDecoder::Progress GzipDecoder::Decode(std::string_view input, char* output,
                                            std::size_t size) {
  const std::size_t input_size = std::min(input.size(), kMaxBytes);
  const std::size_t output_size = std::min(size, kMaxBytes);
  // zlib does not write to its input; its type is older than const.
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
  stream_.avail_in = static_cast<uInt>(input_size);
  stream_.next_out = reinterpret_cast<Bytef*>(output);
  stream_.avail_out = static_cast<uInt>(output_size);
  const int result = inflate(&stream_, Z_NO_FLUSH);
  output_was_full_ = stream_.avail_out == 0;
  Progress progress{.consumed = input_size - stream_.avail_in,
                    .produced = output_size - stream_.avail_out,
                    .state = State::kMore};
  if (result == Z_STREAM_END) {
    progress.state = State::kMemberEnd;
  } else if (result == Z_MEM_ERROR) {
    progress.state = State::kNoMemory;
  } else if (result != Z_OK && result != Z_BUF_ERROR) {
    progress.state = State::kDamaged;
  }
  return progress;
}

}  // namespace hark::ingest
