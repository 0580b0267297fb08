#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "hark/fact.h"

namespace hark {

// Appends values to a byte string, in a form that does not depend on the machine: LEB128 for
// unsigned numbers, zig-zag before it for signed ones, length-prefixed bytes. Not thread-safe.
class ByteWriter {
 public:
  void Unsigned(std::uint64_t value);
  void Signed(std::int64_t value);
  // Always 4 and 8 bytes, little endian: for headers whose size must be known.
  void Fixed32(std::uint32_t value);
  void Fixed64(std::uint64_t value);
  void Bool(bool value) { bytes_.push_back(value ? '\1' : '\0'); }
  void Text(std::string_view text);
  void OptionalText(const std::optional<std::string>& text);
  void Hash(const Hash128& hash);

  const std::string& bytes() const { return bytes_; }
  std::string Take() { return std::exchange(bytes_, {}); }

 private:
  std::string bytes_;
};

// Reads what a ByteWriter wrote. After the first damage every read returns an empty value and
// ok() is false: check it once at the end, and before trusting a count for a loop or a reserve.
// Every value has one encoding only; another one is damage. Safe on any bytes. Not thread-safe;
// the bytes must outlive the reader.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t Unsigned();
  std::int64_t Signed();
  std::uint32_t Fixed32();
  std::uint64_t Fixed64();
  bool Bool();
  std::string Text();
  // The same as a view of the bytes that are read.
  std::string_view TextView() { return Bytes(Unsigned()); }
  std::optional<std::string> OptionalText();
  Hash128 Hash();
  // A number of things of at least `min_bytes` bytes each: fails if they cannot all be there.
  // A `min_bytes` of 0 is taken as 1, so that the result is never more than remaining().
  std::size_t Count(std::size_t min_bytes = 1);

  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }
  std::size_t remaining() const { return rest_.size(); }
  void Fail() {
    ok_ = false;
    rest_ = {};
  }

 private:
  // The next `size` bytes; fails and returns nothing if there are fewer.
  std::string_view Bytes(std::uint64_t size);

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace hark
