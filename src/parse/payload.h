#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

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
  // Replaces `out` by the text, at most `limit` bytes. Unless it is kOpened, `out` holds nothing of
  // worth.
  PayloadState Open(std::string_view base64, std::size_t limit, std::string& out);

  // Gives a large buffer back.
  void Shrink();

 private:
  std::string bytes_;
};

}  // namespace hark::parse
