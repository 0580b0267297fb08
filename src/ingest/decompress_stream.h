#pragma once

#include <cstdint>
#include <memory>

#include "ingest/byte_stream.h"

namespace hark::ingest {

// When compressed bytes are a bomb: they have given more than `bytes` and more than `ratio` times
// their own number. Memory is constant all the while; what a bomb costs is time.
struct BombLimits {
  // No less, because a log of equal lines may be very small for a while.
  std::uint64_t bytes = std::uint64_t{1} << 30;
  // gzip reaches 1,032 at most, so a gzip file is never one by itself; audit logs reach 10 to 40.
  // zstd reaches 30,000.
  std::uint64_t ratio = 2000;
};

// The bytes of `raw`, decompressed if they are gzip or zstd, which their first ones tell; others
// pass through, at the cost of one virtual call per Read. Nothing is read before the first Read.
//
// - Members and frames, also of both formats, one after the other are one stream; NULs after them
//   are passed over.
// - Where compressed bytes are damaged, or the input ends within a member, there is one kDamaged,
//   and the byte at its offset is a line feed that is added. All that was decompressed before it
//   has been given; so has what was garbage but had no checksum yet. Then the next member or frame
//   whose start decompresses is looked for, and the stream goes on there. What is lost between is
//   one damage, however long it is. Time is linear in the input, and memory does not depend on it.
// - A bomb is one kBomb, with a line feed as well, and the stream ends.
//
// Memory: nothing if the bytes pass through; 640 KiB, and for zstd the window that the frame asks
// for, at most 128 MiB. A frame that asks for more is damaged. An error of `raw` is returned.
// Not thread-safe.
std::unique_ptr<ByteStream> Decompress(std::unique_ptr<ByteStream> raw, BombLimits limits = {});

}  // namespace hark::ingest
