#include "ingest/look_back_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/status/statusor.h"

#include "base/check.h"
#include "base/status_macros.h"

namespace hark::ingest {
namespace {

constexpr std::size_t kReadBytes = std::size_t{128} << 10;
// What is looked back to, what a Fill may ask for, and one read.
constexpr std::size_t kMaxCapacity = 2 * LookBackBuffer::kLookBack + kReadBytes;
constexpr std::size_t kMinCapacity = std::size_t{16} << 10;

}  // namespace

LookBackBuffer::LookBackBuffer(std::unique_ptr<ByteStream> stream, std::string_view start)
    : stream_(std::move(stream)) {
  HARK_CHECK(start.size() <= kLookBack);
  Grow(std::max(kMinCapacity, start.size()));
  std::memcpy(bytes_.get(), start.data(), start.size());
  size_ = start.size();
}

void LookBackBuffer::Grow(std::size_t capacity) {
  auto bytes = std::make_unique_for_overwrite<char[]>(capacity);
  if (size_ > 0) {
    std::memcpy(bytes.get(), bytes_.get(), size_);
  }
  bytes_ = std::move(bytes);
  capacity_ = capacity;
}

absl::Status LookBackBuffer::Fill(std::size_t count) {
  while (size_ - read_ < count && !ended_) {
    MakeRoom();
    ASSIGN_OR_RETURN(const std::size_t length,
                     stream_->Read(bytes_.get() + size_, std::min(kReadBytes, capacity_ - size_)));
    size_ += length;
    ended_ = length == 0;
  }
  return absl::OkStatus();
}

void LookBackBuffer::MakeRoom() {
  if (capacity_ - size_ >= kReadBytes || (size_ < capacity_ && capacity_ < kMaxCapacity)) {
    return;
  }
  if (capacity_ < kMaxCapacity) {
    Grow(std::min(2 * capacity_, kMaxCapacity));
    return;
  }
  if (read_ <= kLookBack) {
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
