#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "hark/large_turn.h"

namespace hark::parse {

enum class PayloadState : std::uint8_t {
  kOpened,
  kBroken,  // no base64; or it begins like gzip, and is none to its end
  kBomb,    // it grows beyond the limit
};

// Opens the payloads of cloud transports: base64, standard or web-safe, of a text or of gzip with
// one member or more. Not thread-safe; keeps a buffer.
class PayloadReader {
 public:
  // `out` has room for so many bytes more, as a reader of JSON needs behind its text.
  static constexpr std::size_t kPadding = 64;

  // Replaces `out` by the text, at most `limit` bytes. Unless it is kOpened, `out` holds nothing of
  // worth. A large text is opened in turn (LargeTurn), takes no more memory than it has bytes, and
  // a bomb takes none.
  PayloadState Open(std::string_view base64, std::size_t limit, std::string& out);

  // Gives a large buffer back, and the turn. To be called when `out` has been given back.
  void Shrink();

 private:
  PayloadState Inflate(std::size_t limit, std::string& out);

  std::string bytes_;
  LargeTurn turn_;
};

}  // namespace hark::parse
