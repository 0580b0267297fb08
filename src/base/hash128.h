#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "hark/fact.h"

namespace hark {

// The first 128 bits of SHA-256 over the parts, each preceded by its length as 8 bytes little
// endian, so that ("ab", "c") and ("a", "bc") differ. Allocates nothing but one context at the
// first call of a thread. Thread-safe.
Hash128 HashParts(std::initializer_list<std::string_view> parts);

// The bytes of a hash, as a part of another one.
inline std::string_view AsText(const Hash128& hash) {
  const void* bytes = hash.data();
  return {static_cast<const char*>(bytes), hash.size()};
}

// 32 lower-case hexadecimal digits.
std::string ToHex(const Hash128& hash);

// The whole SHA-256 of the bytes, as sha256sum prints it. Thread-safe.
std::string Sha256Hex(std::string_view bytes);

// The same of bytes that come in pieces, as many texts one after another as there are. Not
// thread-safe.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(const Sha256Stream&) = delete;
  Sha256Stream& operator=(const Sha256Stream&) = delete;

  // Begins a text; to be called before its first Add.
  void Reset();
  void Add(std::string_view bytes);
  // Ends the text.
  std::string Hex();

 private:
  struct Context;
  std::unique_ptr<Context> context_;  // null until the first Reset
};

// For hash tables: the bytes are already uniform, so their first eight are the table's hash.
struct Hash128Hasher {
  std::size_t operator()(const Hash128& hash) const {
    std::size_t value = 0;
    static_assert(sizeof(value) <= sizeof(hash));
    __builtin_memcpy(&value, hash.data(), sizeof(value));
    return value;
  }
};

}  // namespace hark
