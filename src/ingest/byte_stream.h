#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"

namespace hark::ingest {

// Uncompressed bytes, in order: what a source cuts into records. A decompressor is a ByteStream
// over another one. Not thread-safe.
class ByteStream {
 public:
  virtual ~ByteStream() = default;

  // Reads up to `size` bytes, at least one unless the stream has ended. Returns how many; 0 at
  // the end. An error is final.
  virtual absl::StatusOr<std::size_t> Read(char* data, std::size_t size) = 0;

  // Bytes that it will bring, if it can know; else 0.
  virtual std::uint64_t size_hint() const = 0;
};

}  // namespace hark::ingest
