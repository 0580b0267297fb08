#pragma once

#include <zstd.h>

#include <cstddef>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"

#include "ingest/member_decoder.h"

namespace hark::ingest {

// Zstandard frames (RFC 8878) by libzstd. A frame that is to be skipped is one without output.
class ZstdDecoder final : public MemberDecoder {
 public:
  // A frame may ask for a window of 128 MiB: as much as `zstd --ultra -22` writes and as `zstd -d`
  // takes without being told to. One that asks for more (`--long=28` and up) is damaged.
  static constexpr int kMaxWindowLog = 27;

  // Fails only if there is no memory.
  static absl::StatusOr<std::unique_ptr<MemberDecoder>> Create();

  void Reset() override;
  std::size_t wanted() const override { return output_was_full_ ? 0 : wanted_; }
  Progress Decode(std::string_view input, char* output, std::size_t size) override;

 private:
  struct ContextDeleter {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };

  ZstdDecoder() = default;

  std::unique_ptr<ZSTD_DCtx, ContextDeleter> context_;
  std::size_t wanted_ = 1;
  bool output_was_full_ = false;
};

}  // namespace hark::ingest
