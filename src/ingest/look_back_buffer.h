#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/status.h"

#include "ingest/byte_stream.h"

namespace hark::ingest {

// The bytes of a stream, of which the last kLookBack can be read once more. Takes 640 KiB, however
// long the stream is, and less if it is short. Positions are bytes from the stream's start. Not
// thread-safe.
class LookBackBuffer {
 public:
  // A damaged deflate block is decoded on, as long as its bits mean anything, over what follows it:
  // mostly for less than the length of a block, which is 64 KiB or so. zstd's have 128 KiB at most.
  static constexpr std::size_t kLookBack = std::size_t{256} << 10;

  // `start` has been read from the stream before. REQUIRES: start has at most kLookBack.
  LookBackBuffer(std::unique_ptr<ByteStream> stream, std::string_view start);

  // Valid until the next Fill.
  std::string_view unread() const { return {bytes_.get() + read_, size_ - read_}; }
  std::uint64_t position() const { return start_ + read_; }
  // The highest position so far.
  std::uint64_t furthest() const { return furthest_; }
  std::uint64_t size_hint() const { return stream_->size_hint(); }

  // Reads until unread() has `count` bytes, or all that there are. REQUIRES: count <= kLookBack.
  absl::Status Fill(std::size_t count);
  // REQUIRES: count <= unread().size().
  void Skip(std::size_t count);
  // REQUIRES: position() - kLookBack <= position <= position().
  void GoBack(std::uint64_t position);

 private:
  // Grows, or drops what is too old, so that there is room to read.
  void MakeRoom();
  void Grow(std::size_t capacity);

  const std::unique_ptr<ByteStream> stream_;
  std::size_t capacity_ = 0;
  std::unique_ptr<char[]> bytes_;
  std::uint64_t start_ = 0;  // position of the buffer's first byte
  std::size_t read_ = 0;     // bytes of the buffer that are read
  std::size_t size_ = 0;     // bytes in the buffer
  std::uint64_t furthest_ = 0;
  bool ended_ = false;
};

}  // namespace hark::ingest
