#pragma once

#include <zlib.h>

#include <cstddef>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"

#include "ingest/member_decoder.h"

namespace hark::ingest {

// Gzip members (RFC 1952) by zlib, which also checks the header's reserved flags, the CRC and the
// length. Its window has 32 KiB.
class GzipDecoder final : public MemberDecoder {
 public:
  // Fails only if there is no memory.
  static absl::StatusOr<std::unique_ptr<MemberDecoder>> Create();
  ~GzipDecoder() override;
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;

  void Reset() override;
  std::size_t wanted() const override { return output_was_full_ ? 0 : 1; }
  Progress Decode(std::string_view input, char* output, std::size_t size) override;

 private:
  GzipDecoder() = default;

  z_stream stream_{};
  bool output_was_full_ = false;
};

}  // namespace hark::ingest
