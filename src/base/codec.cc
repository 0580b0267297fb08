#include "base/codec.h"

#include <algorithm>

namespace hark {
namespace {

constexpr unsigned kBitsPerByte = 7;
constexpr unsigned kContinues = 0x80;
constexpr unsigned kPayload = 0x7f;

template <typename T>
void AppendLittleEndian(T value, std::string& bytes) {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    bytes.push_back(static_cast<char>(value >> (8 * i) & 0xff));
  }
}

// Bytes that are missing count as 0.
template <typename T>
T FromLittleEndian(std::string_view bytes) {
  T value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    value |= static_cast<T>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return value;
}

}  // namespace

void ByteWriter::Fixed32(std::uint32_t value) {
  AppendLittleEndian(value, bytes_);
}

void ByteWriter::Fixed64(std::uint64_t value) {
  AppendLittleEndian(value, bytes_);
}

void ByteWriter::Unsigned(std::uint64_t value) {
  while (value > kPayload) {
    bytes_.push_back(static_cast<char>((value & kPayload) | kContinues));
    value >>= kBitsPerByte;
  }
  bytes_.push_back(static_cast<char>(value));
}

void ByteWriter::Signed(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  Unsigned((bits << 1) ^ (value < 0 ? ~std::uint64_t{0} : 0));
}

void ByteWriter::Text(std::string_view text) {
  Unsigned(text.size());
  bytes_.append(text);
}

void ByteWriter::OptionalText(const std::optional<std::string>& text) {
  Bool(text.has_value());
  if (text.has_value()) {
    Text(*text);
  }
}

void ByteWriter::Hash(const Hash128& hash) {
  bytes_.append(hash.begin(), hash.end());
}

std::string_view ByteReader::Bytes(std::uint64_t size) {
  if (size > rest_.size()) {
    Fail();
    return {};
  }
  const std::string_view bytes = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return bytes;
}

std::uint64_t ByteReader::Unsigned() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += kBitsPerByte) {
    const std::string_view byte = Bytes(1);
    if (byte.empty()) {
      return 0;
    }
    const std::uint64_t bits = static_cast<unsigned char>(byte[0]);
    // The tenth byte has room for one bit of the 64, and a last byte of 0 adds nothing.
    if ((shift == 63 && bits > 1) || (shift > 0 && bits == 0)) {
      break;
    }
    value |= (bits & kPayload) << shift;
    if (bits < kContinues) {
      return value;
    }
  }
  Fail();
  return 0;
}

std::int64_t ByteReader::Signed() {
  const std::uint64_t bits = Unsigned();
  return static_cast<std::int64_t>((bits >> 1) ^ ((bits & 1) != 0 ? ~std::uint64_t{0} : 0));
}

std::uint32_t ByteReader::Fixed32() {
  return FromLittleEndian<std::uint32_t>(Bytes(sizeof(std::uint32_t)));
}

std::uint64_t ByteReader::Fixed64() {
  return FromLittleEndian<std::uint64_t>(Bytes(sizeof(std::uint64_t)));
}

bool ByteReader::Bool() {
  const std::string_view byte = Bytes(1);
  if (byte.empty()) {
    return false;
  }
  if (byte[0] != '\0' && byte[0] != '\1') {
    Fail();
    return false;
  }
  return byte[0] == '\1';
}

std::string ByteReader::Text() {
  return std::string(TextView());
}

std::optional<std::string> ByteReader::OptionalText() {
  if (!Bool()) {
    return std::nullopt;
  }
  std::string text = Text();
  if (!ok_) {
    return std::nullopt;
  }
  return text;
}

Hash128 ByteReader::Hash() {
  Hash128 hash{};
  const std::string_view bytes = Bytes(hash.size());
  std::copy(bytes.begin(), bytes.end(), hash.begin());
  return hash;
}

std::size_t ByteReader::Count(std::size_t min_bytes) {
  const std::uint64_t count = Unsigned();
  if (count > rest_.size() / std::max<std::size_t>(min_bytes, 1)) {
    Fail();
    return 0;
  }
  return count;
}

}  // namespace hark
