#include "parse/payload.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>

#include "absl/strings/escaping.h"

#include "parse/kept_bytes.h"

namespace hark::parse {
namespace {

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

  // Each inflates everything; kBomb if that is more than `limit` bytes. Measure only counts.
  PayloadState ReadAll(std::size_t limit, std::string& out);
  PayloadState Measure(std::size_t limit, std::size_t& size);

 private:
  // What is to be done behind a step.
  enum class Next { kGoOn, kDone, kBroken };

  // zlib counts in 32 bits.
  void GiveInput() {
    const std::size_t size = std::min<std::size_t>(rest_.size(), std::numeric_limits<uInt>::max());
    // zlib does not write to its input, but says so only if ZLIB_CONST is defined.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(rest_.data()));
    stream_.avail_in = static_cast<uInt>(size);
    rest_.remove_prefix(size);
  }
  // Decompresses into the room, and says how many bytes of it are used.
  Next Step(char* room, std::size_t size, std::size_t& used);

  z_stream stream_{};
  std::string_view rest_;
  bool ready_ = false;
};

Inflater::Next Inflater::Step(char* room, std::size_t size, std::size_t& used) {
  if (stream_.avail_in == 0) {
    GiveInput();
  }
  const std::size_t given = std::min<std::size_t>(size, std::numeric_limits<uInt>::max());
  stream_.next_out = reinterpret_cast<Bytef*>(room);
  stream_.avail_out = static_cast<uInt>(given);
  const int result = inflate(&stream_, Z_NO_FLUSH);
  used = given - stream_.avail_out;
  const bool input_left = stream_.avail_in > 0 || !rest_.empty();
  if (result == Z_STREAM_END) {
    return !input_left ? Next::kDone : inflateReset(&stream_) == Z_OK ? Next::kGoOn : Next::kBroken;
  }
  const bool is_cut_off = used < size && !input_left;
  return is_cut_off || (result != Z_OK && result != Z_BUF_ERROR) ? Next::kBroken : Next::kGoOn;
}

PayloadState Inflater::ReadAll(std::size_t limit, std::string& out) {
  if (!ready_) {
    return PayloadState::kBroken;
  }
  std::size_t size = 0;
  // One byte more than the limit tells a bomb from a payload that just fits.
  out.resize(std::min(limit + 1, std::max<std::size_t>(4 * rest_.size(), 4096)));
  while (true) {
    std::size_t used = 0;
    const Next next = Step(out.data() + size, out.size() - size, used);
    size += used;
    if (size > limit) {
      return PayloadState::kBomb;
    }
    if (next == Next::kDone) {
      out.resize(size);
      return PayloadState::kOpened;
    }
    if (next == Next::kBroken) {
      return PayloadState::kBroken;
    }
    if (size == out.size()) {
      out.resize(std::min(limit + 1, 2 * out.size()));
    }
  }
}

PayloadState Inflater::Measure(std::size_t limit, std::size_t& size) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): written before it is read
  std::array<char, std::size_t{64} << 10> room;
  Next next = ready_ ? Next::kGoOn : Next::kBroken;
  size = 0;
  while (next == Next::kGoOn) {
    std::size_t used = 0;
    next = Step(room.data(), room.size(), used);
    size += used;
    if (size > limit) {
      return PayloadState::kBomb;
    }
  }
  return next == Next::kDone ? PayloadState::kOpened : PayloadState::kBroken;
}

}  // namespace

PayloadState PayloadReader::Inflate(std::size_t limit, std::string& out) {
  const PayloadState state = Inflater(bytes_).ReadAll(std::min(limit, LargeTurn::kLarge), out);
  if (state != PayloadState::kBomb || limit <= LargeTurn::kLarge) {
    return state;
  }
  // A text that grows as it is read would be there twice; reading it twice costs less.
  std::size_t size = 0;
  const PayloadState measured = Inflater(bytes_).Measure(limit, size);
  if (measured != PayloadState::kOpened) {
    return measured;
  }
  turn_.TakeFor(size);
  out.reserve(size + kPadding);
  return Inflater(bytes_).ReadAll(size, out);
}

PayloadState PayloadReader::Open(std::string_view base64, std::size_t limit, std::string& out) {
  if (base64.empty() || !Unescape(base64, bytes_)) {
    return PayloadState::kBroken;
  }
  if (bytes_.compare(0, 2, "\x1f\x8b") == 0) {
    return Inflate(limit, out);
  }
  out.swap(bytes_);
  return out.size() > limit ? PayloadState::kBomb : PayloadState::kOpened;
}

void PayloadReader::Shrink() {
  ShrinkBuffer(bytes_);
  turn_.Release();
}

}  // namespace hark::parse
