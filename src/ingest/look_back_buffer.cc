#include "ingest/look_back_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/status/statusor.h"

#include "base/check.h"
#include "base/status_macros.h"

namespace hark::ingest {
namespace {

constexpr std::size_t kCapacity = std::size_t{1} << 20;
constexpr std::size_t kReadBytes = std::size_t{128} << 10;

}  // namespace

LookBackBuffer::LookBackBuffer(std::unique_ptr<ByteStream> stream, std::string_view start)
    : stream_(std::move(stream)),
      bytes_(std::make_unique_for_overwrite<char[]>(kCapacity)),
      size_(start.size()) {
  HARK_CHECK(start.size() <= kCapacity);
  std::memcpy(bytes_.get(), start.data(), start.size());
}

absl::Status LookBackBuffer::Fill(std::size_t count) {
  while (size_ - read_ < count && !ended_) {
    MakeRoom();
    ASSIGN_OR_RETURN(const std::size_t length,
                     stream_->Read(bytes_.get() + size_, std::min(kReadBytes, kCapacity - size_)));
    size_ += length;
    ended_ = length == 0;
  }
  return absl::OkStatus();
}

void LookBackBuffer::MakeRoom() {
  if (kCapacity - size_ >= kReadBytes || read_ <= kLookBack) {
    return;
  }
  const std::size_t dropped = read_ - kLookBack;
  std::memmove(bytes_.get(), bytes_.get() + dropped, size_ - dropped);
  start_ += dropped;
  read_ -= dropped;
  size_ -= dropped;
}

void LookBackBuffer::Skip(std::size_t count) {
  HARK_CHECK(count <= size_ - read_);
  read_ += count;
  furthest_ = std::max(furthest_, position());
}

void LookBackBuffer::GoBack(std::uint64_t position) {
  HARK_CHECK(start_ <= position && position <= this->position());
  read_ = position - start_;
}

}  // namespace hark::ingest
