#include "ingest/zstd_decoder.h"

#include <zstd_errors.h>

#include <algorithm>

#include "absl/status/status.h"

#include "base/check.h"

namespace hark::ingest {
namespace {

// libzstd asks for a block together with the next block's header of so many bytes.
constexpr std::size_t kBlockHeaderBytes = 3;
// No block is larger; a frame that is to be skipped is taken in pieces.
constexpr std::size_t kMaxWanted = std::size_t{128} << 10;

}  // namespace

absl::StatusOr<std::unique_ptr<MemberDecoder>> ZstdDecoder::Create() {
  std::unique_ptr<ZstdDecoder> decoder(new ZstdDecoder);
  decoder->context_.reset(ZSTD_createDCtx());
  if (decoder->context_ == nullptr) {
    return absl::ResourceExhaustedError("no memory to decompress zstd");
  }
  HARK_CHECK(ZSTD_isError(ZSTD_DCtx_setParameter(decoder->context_.get(), ZSTD_d_windowLogMax,
                                                 kMaxWindowLog)) == 0);
  return decoder;
}

void ZstdDecoder::Reset() {
  HARK_CHECK(ZSTD_isError(ZSTD_DCtx_reset(context_.get(), ZSTD_reset_session_only)) == 0);
  // A first call with less than a frame: given a whole one, libzstd decompresses it at once and, if
  // it is damaged, says nothing of the blocks before the damage.
  wanted_ = 1;
  output_was_full_ = false;
}

// A call that fails does not say what it has written. So none is given what could both write and
// fail thereafter: first what is left of the last block, then one block or one block header.
MemberDecoder::Progress ZstdDecoder::Decode(std::string_view input, char* output,
                                            std::size_t size) {
  ZSTD_outBuffer out{.dst = output, .size = size, .pos = 0};
  ZSTD_inBuffer in{.src = input.data(), .size = std::min(input.size(), wanted()), .pos = 0};
  const std::size_t result = ZSTD_decompressStream(context_.get(), &out, &in);
  output_was_full_ = out.pos == out.size;
  Progress progress{.consumed = in.pos, .produced = out.pos, .state = State::kMore};
  if (ZSTD_isError(result) != 0) {
    // libzstd takes the magic number of an early version also within a header, and its decoders of
    // these versions then claim to have filled all of the output.
    progress.consumed = progress.produced = 0;
    progress.state = ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation ? State::kNoMemory
                                                                               : State::kDamaged;
  } else if (result == 0) {
    progress.state = State::kMemberEnd;
  } else {
    wanted_ =
        std::min(result > kBlockHeaderBytes ? result - kBlockHeaderBytes : result, kMaxWanted);
  }
  return progress;
}

}  // namespace hark::ingest
