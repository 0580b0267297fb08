#include "parse/payload.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "absl/strings/escaping.h"

namespace hark::parse {
namespace {

constexpr std::size_t kKeptBytes = std::size_t{4} << 20;

bool Unescape(std::string_view base64, std::string& bytes) {
  const absl::string_view text(base64.data(), base64.size());
  return absl::Base64Unescape(text, &bytes) || absl::WebSafeBase64Unescape(text, &bytes);
}

// Decompresses gzip members one after another.
class Inflater {
 public:
  explicit Inflater(std::string_view gzip) : rest_(gzip) {
    constexpr int kGzipOnly = 16;
    ready_ = inflateInit2(&stream_, MAX_WBITS + kGzipOnly) == Z_OK;
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  PayloadState ReadAll(std::size_t limit, std::string& out);

 private:
  // zlib counts in 32 bits.
  void GiveInput() {
    const std::size_t size = std::min<std::size_t>(rest_.size(), std::numeric_limits<uInt>::max());
    // zlib does not write to its input, but says so only if ZLIB_CONST is defined.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(rest_.data()));
    stream_.avail_in = static_cast<uInt>(size);
    rest_.remove_prefix(size);
  }
  // Decompresses into the end of `out`, from `used` on; what zlib says.
  int Step(std::string& out, std::size_t& used);

  z_stream stream_{};
  std::string_view rest_;
  bool ready_ = false;
};

int Inflater::Step(std::string& out, std::size_t& used) {
  const std::size_t room =
      std::min<std::size_t>(out.size() - used, std::numeric_limits<uInt>::max());
  stream_.next_out = reinterpret_cast<Bytef*>(out.data() + used);
  stream_.avail_out = static_cast<uInt>(room);
  const int result = inflate(&stream_, Z_NO_FLUSH);
  used += room - stream_.avail_out;
  return result;
}

PayloadState Inflater::ReadAll(std::size_t limit, std::string& out) {
  if (!ready_) {
    return PayloadState::kBroken;
  }
  std::size_t used = 0;
  // One byte more than the limit tells a bomb from a payload that just fits.
  out.resize(std::min(limit + 1, std::max<std::size_t>(4 * rest_.size(), 4096)));
  while (true) {
    if (stream_.avail_in == 0) {
      GiveInput();
    }
    const int result = Step(out, used);
    if (used > limit) {
      return PayloadState::kBomb;
    }
    const bool input_left = stream_.avail_in > 0 || !rest_.empty();
    if (result == Z_STREAM_END) {
      if (!input_left) {
        out.resize(used);
        return PayloadState::kOpened;
      }
      if (inflateReset(&stream_) != Z_OK) {
        return PayloadState::kBroken;
      }
    } else {
      const bool is_cut_off = used < out.size() && !input_left;
      if (is_cut_off || (result != Z_OK && result != Z_BUF_ERROR)) {
        return PayloadState::kBroken;
      }
    }
    if (used == out.size()) {
      out.resize(std::min(limit + 1, 2 * out.size()));
    }
  }
}

}  // namespace

PayloadState PayloadReader::Open(std::string_view base64, std::size_t limit, std::string& out) {
  if (base64.empty() || !Unescape(base64, bytes_)) {
    return PayloadState::kBroken;
  }
  if (bytes_.compare(0, 2, "\x1f\x8b") == 0) {
    return Inflater(bytes_).ReadAll(limit, out);
  }
  out.assign(bytes_);
  return out.size() > limit ? PayloadState::kBomb : PayloadState::kOpened;
}

void PayloadReader::Shrink() {
  if (bytes_.capacity() > kKeptBytes) {
    bytes_ = std::string();
  }
}

}  // namespace hark::parse
