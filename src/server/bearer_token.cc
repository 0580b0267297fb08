#include "server/bearer_token.h"

#include <openssl/crypto.h>
#include <strings.h>

#include <algorithm>
#include <cstddef>
#include <fstream>

#include "base/status_macros.h"

namespace hark::server {
namespace {

constexpr std::size_t kMinToken = 16;
constexpr std::size_t kMaxToken = 4096;
constexpr std::string_view kWhiteSpace = " \t\r\n";

std::string_view Trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kWhiteSpace);
  if (begin == std::string_view::npos) {
    return {};
  }
  return text.substr(begin, text.find_last_not_of(kWhiteSpace) - begin + 1);
}

}  // namespace

absl::StatusOr<BearerToken> BearerToken::Read(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string text(kMaxToken + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad() || (stream.fail() && !stream.eof())) {
    return absl::NotFoundError(absl::StrFormat("token file %s: cannot be read", file));
  }
  text.resize(static_cast<std::size_t>(stream.gcount()));
  const std::string_view token = Trim(text);
  const bool visible =
      std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (!visible || token.size() < kMinToken || text.size() > kMaxToken) {
    return InvalidArgument("token file %s: expected %d to %d visible ASCII characters", file,
                           kMinToken, kMaxToken);
  }
  return BearerToken(HashParts({token}));
}

bool BearerToken::IsShownBy(std::string_view authorization) const {
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() <= kScheme.size() ||
      strncasecmp(authorization.data(), kScheme.data(), kScheme.size()) != 0) {
    return false;
  }
  // Hashes have one length, so the time says nothing of the token's either.
  const Hash128 shown = HashParts({Trim(authorization.substr(kScheme.size()))});
  return CRYPTO_memcmp(hash_.data(), shown.data(), hash_.size()) == 0;
}

}  // namespace hark::server
