#include "ingest/decompress_stream.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "ingest/compressed_format.h"
#include "ingest/compressed_stream.h"

namespace hark::ingest {
namespace {

// If they are compressed, they are copied.
constexpr std::size_t kMaxFirstBytes = std::size_t{64} << 10;

// Looks at the first bytes, then hands every Read on.
class DecompressStream final : public ByteStream {
 public:
  DecompressStream(std::unique_ptr<ByteStream> raw, BombLimits limits)
      : stream_(std::move(raw)), limits_(limits) {}

  absl::StatusOr<std::size_t> Read(char* data, std::size_t size) override {
    if (is_known_ && head_.empty()) {
      return stream_->Read(data, size);
    }
    return is_known_ ? GiveHead(data, size) : ReadFirst(data, size);
  }
  std::uint64_t size_hint() const override { return stream_->size_hint(); }
  void TakeDamages(std::vector<Damage>& damages) override { stream_->TakeDamages(damages); }

 private:
  absl::StatusOr<std::size_t> ReadFirst(char* data, std::size_t size);
  // Gives the plain bytes that a Read smaller than a magic number had no room for.
  std::size_t GiveHead(char* data, std::size_t size);

  std::unique_ptr<ByteStream> stream_;  // the raw one, later the one that decompresses it
  const BombLimits limits_;
  bool is_known_ = false;
  std::array<char, kMagicBytes> head_bytes_{};
  std::string_view head_;  // of head_bytes_, still to be given
};

absl::StatusOr<std::size_t> DecompressStream::ReadFirst(char* data, std::size_t size) {
  // Mostly there is room for it, and plain bytes are where they should be.
  const bool is_direct = size >= kMagicBytes;
  char* const start = is_direct ? data : head_bytes_.data();
  const std::size_t room = std::clamp(size, kMagicBytes, kMaxFirstBytes);
  std::size_t count = 0;
  std::size_t length = 1;
  while (count < kMagicBytes && length > 0) {
    ASSIGN_OR_RETURN(length, stream_->Read(start + count, room - count));
    count += length;
  }
  is_known_ = true;
  const std::string_view bytes(start, count);
  if (FormatOf(bytes) != CompressedFormat::kNone) {
    stream_ = std::make_unique<CompressedStream>(std::move(stream_), bytes, limits_);
    return stream_->Read(data, size);
  }
  if (is_direct) {
    return count;
  }
  head_ = bytes;
  return GiveHead(data, size);
}

std::size_t DecompressStream::GiveHead(char* data, std::size_t size) {
  const std::size_t count = std::min(size, head_.size());
  std::memcpy(data, head_.data(), count);
  head_.remove_prefix(count);
  return count;
}

}  // namespace

std::unique_ptr<ByteStream> Decompress(std::unique_ptr<ByteStream> raw, BombLimits limits) {
  return std::make_unique<DecompressStream>(std::move(raw), limits);
}

}  // namespace hark::ingest
