#pragma once

#include <cstddef>
#include <utility>

#include "absl/status/status.h"

#include "hark/state.h"

#include "base/codec.h"

namespace hark::detect {

// Encodes one section and gives it to a SectionWriter in pieces, so that a large one is never in
// memory as a whole:
//
//   writer.BeginSection("windows", 1);
//   SectionStream stream(writer);
//   for (...) Encode(thing, stream.Next());
//   RETURN_IF_ERROR(stream.End());
//
// The first error of the writer is kept, and nothing is given to it after that. Not thread-safe;
// the writer must outlive it.
class SectionStream {
 public:
  explicit SectionStream(SectionWriter& writer) : writer_(writer) {}

  // Where the next part goes. Valid until the next call.
  ByteWriter& Next() {
    if (bytes_.bytes().size() >= kPiece) {
      Flush();
    }
    return bytes_;
  }

  // Gives on what is left.
  absl::Status End() {
    Flush();
    return std::exchange(status_, absl::OkStatus());
  }

 private:
  static constexpr std::size_t kPiece = 256 << 10;

  void Flush() {
    const std::string piece = bytes_.Take();
    if (status_.ok() && !piece.empty()) {
      status_ = writer_.Append(piece);
    }
  }

  SectionWriter& writer_;
  ByteWriter bytes_;
  absl::Status status_;
};

}  // namespace hark::detect
