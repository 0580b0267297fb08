#include "base/hash128.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

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

// Collects the parts in front of the digest: one long update costs less than many short ones.
class Hasher {
 public:
  // What is read of the buffer was put there before.
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
  Hasher() : context_(ThreadContext()) {
    HARK_CHECK(EVP_DigestInit_ex2(context_, Sha256(), nullptr) == 1);
  }

  void Add(std::string_view bytes) {
    if (bytes.size() > buffer_.size() - used_) {
      Flush();
    }
    if (bytes.size() > buffer_.size()) {
      Update(bytes);
      return;
    }
    std::copy(bytes.begin(), bytes.end(), buffer_.begin() + static_cast<std::ptrdiff_t>(used_));
    used_ += bytes.size();
  }

  std::array<std::uint8_t, 32> Finish() {
    Flush();
    std::array<std::uint8_t, 32> digest{};
    HARK_CHECK(EVP_DigestFinal_ex(context_, digest.data(), nullptr) == 1);
    return digest;
  }

 private:
  void Flush() {
    Update({buffer_.data(), used_});
    used_ = 0;
  }
  void Update(std::string_view bytes) {
    HARK_CHECK(EVP_DigestUpdate(context_, bytes.data(), bytes.size()) == 1);
  }

  EVP_MD_CTX* const context_;
  std::array<char, 1024> buffer_;  // NOLINT(cppcoreguidelines-pro-type-member-init): written first
  std::size_t used_ = 0;
};

std::array<char, 8> LittleEndian(std::uint64_t value) {
  std::array<char, 8> bytes{};
  for (char& byte : bytes) {
    byte = static_cast<char>(value & 0xff);
    value >>= 8;
  }
  return bytes;
}

std::string HexDigits(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * bytes.size());
  for (const std::uint8_t byte : bytes) {
    hex.push_back(kDigits[byte >> 4]);
    hex.push_back(kDigits[byte & 0xf]);
  }
  return hex;
}

}  // namespace

Hash128 HashParts(std::initializer_list<std::string_view> parts) {
  Hasher hasher;
  for (const std::string_view part : parts) {
    const auto length = LittleEndian(part.size());
    hasher.Add({length.data(), length.size()});
    hasher.Add(part);
  }
  const std::array<std::uint8_t, 32> digest = hasher.Finish();
  Hash128 hash{};
  std::copy_n(digest.begin(), hash.size(), hash.begin());
  return hash;
}

std::string ToHex(const Hash128& hash) {
  return HexDigits(hash);
}

std::string Sha256Hex(std::string_view bytes) {
  Hasher hasher;
  hasher.Add(bytes);
  return HexDigits(hasher.Finish());
}

struct Sha256Stream::Context {
  const std::unique_ptr<EVP_MD_CTX, ContextDeleter> digest{EVP_MD_CTX_new()};
};

Sha256Stream::Sha256Stream() = default;

Sha256Stream::~Sha256Stream() = default;

void Sha256Stream::Reset() {
  if (context_ == nullptr) {
    context_ = std::make_unique<Context>();
    HARK_CHECK(context_->digest != nullptr);
  }
  HARK_CHECK(EVP_DigestInit_ex2(context_->digest.get(), Sha256(), nullptr) == 1);
}

void Sha256Stream::Add(std::string_view bytes) {
  HARK_CHECK(EVP_DigestUpdate(context_->digest.get(), bytes.data(), bytes.size()) == 1);
}

std::string Sha256Stream::Hex() {
  std::array<std::uint8_t, 32> digest{};
  HARK_CHECK(EVP_DigestFinal_ex(context_->digest.get(), digest.data(), nullptr) == 1);
  return HexDigits(digest);
}

}  // namespace hark
