#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hark::ingest {

// Decompresses one member (gzip) or frame (zstd) after the other. Memory is bounded by the format's
// window, whatever the input says. Not thread-safe.
class MemberDecoder {
 public:
  enum class State : std::uint8_t {
    kMore,       // the member goes on
    kMemberEnd,  // it has ended, and its checksum, if it has one, is right
    kDamaged,    // it cannot be decompressed any further
    kNoMemory,
  };
  struct Progress {
    std::size_t consumed = 0;  // bytes of the input
    std::size_t produced = 0;  // bytes of output: good ones, also if the state is kDamaged
    State state = State::kMore;
  };

  virtual ~MemberDecoder() = default;

  // Forgets the member at hand; the next input is the start of another one.
  virtual void Reset() = 0;

  // How many bytes of input the next Decode should be given, if the input has as many: 0 if there
  // may be output that needs no more input.
  virtual std::size_t wanted() const = 0;

  // Decompresses some of `input` into `output`. What is produced until the member ends or is
  // damaged does not depend on `size`. REQUIRES: size > 0.
  virtual Progress Decode(std::string_view input, char* output, std::size_t size) = 0;
};

}  // namespace hark::ingest
