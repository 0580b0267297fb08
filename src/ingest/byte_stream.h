#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

#include "hark/source.h"

namespace hark::ingest {

// Uncompressed bytes, in order: what a source cuts into records. A decompressor is a ByteStream
// over another one. Not thread-safe.
class ByteStream {
 public:
  virtual ~ByteStream() = default;

  // Reads up to `size` bytes, at least one unless the stream has ended. Returns how many; 0 at
  // the end. An error is final.
  virtual absl::StatusOr<std::size_t> Read(char* data, std::size_t size) = 0;

  // After a Read that returned 0: whether that was not the end, but there is nothing now, and a
  // later Read may give more.
  virtual bool may_go_on() const { return false; }

  // Bytes of storage behind it, if it can know; else 0. For progress only.
  virtual std::uint64_t size_hint() const = 0;

  // Moves what was damaged in the bytes read so far to the end of `damages`: places where bytes are
  // missing. A record that such a place cuts ends with a line feed that the stream adds. Offsets
  // are those of the bytes that Read gives.
  virtual void TakeDamages(std::vector<Damage>& /*damages*/) {}
};

}  // namespace hark::ingest
