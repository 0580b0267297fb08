#include "base/hash128.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>

#include "base/check.h"

namespace hark {
namespace {

struct ContextDeleter {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// OpenSSL looks SHA-256 up by its name, under a lock, whenever it is not given it: once is enough.
const EVP_MD* Sha256() {
  static const EVP_MD* const digest = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  HARK_CHECK(digest != nullptr);
  return digest;
}

EVP_MD_CTX* ThreadContext() {
  thread_local const std::unique_ptr<EVP_MD_CTX, ContextDeleter> context(EVP_MD_CTX_new());
  HARK_CHECK(context != nullptr);
  return context.get();
}

std::array<std::uint8_t, 8> LittleEndian(std::uint64_t value) {
  std::array<std::uint8_t, 8> bytes{};
  for (std::uint8_t& byte : bytes) {
    byte = static_cast<std::uint8_t>(value & 0xff);
    value >>= 8;
  }
  return bytes;
}

}  // namespace

Hash128 HashParts(std::initializer_list<std::string_view> parts) {
  EVP_MD_CTX* const context = ThreadContext();
  bool ok = EVP_DigestInit_ex2(context, Sha256(), nullptr) == 1;
  for (const std::string_view part : parts) {
    const auto length = LittleEndian(part.size());
    ok = ok && EVP_DigestUpdate(context, length.data(), length.size()) == 1;
    ok = ok && EVP_DigestUpdate(context, part.data(), part.size()) == 1;
  }
  std::array<std::uint8_t, 32> digest{};
  ok = ok && EVP_DigestFinal_ex(context, digest.data(), nullptr) == 1;
  HARK_CHECK(ok);

  Hash128 hash{};
  std::copy_n(digest.begin(), hash.size(), hash.begin());
  return hash;
}

std::string ToHex(const Hash128& hash) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * hash.size());
  for (const std::uint8_t byte : hash) {
    hex.push_back(kDigits[byte >> 4]);
    hex.push_back(kDigits[byte & 0xf]);
  }
  return hex;
}

}  // namespace hark
