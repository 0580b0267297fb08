#include "alert/webhook_signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cstddef>

#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

#include "base/check.h"
#include "base/hash128.h"
#include "base/status_macros.h"

namespace hark::alert {
namespace {

constexpr std::string_view kPrefix = "whsec_";
constexpr std::size_t kMinKeyBytes = 24;
constexpr std::size_t kMaxKeyBytes = 64;

const unsigned char* Bytes(std::string_view text) {
  const void* const bytes = text.data();
  return static_cast<const unsigned char*>(bytes);
}

std::string HmacSha256(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  HARK_CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), Bytes(text), text.size(),
                  digest.data(), &size) != nullptr);
  return {digest.begin(), digest.begin() + size};
}

}  // namespace

std::string WebhookId(const Revision& revision) {
  return ToHex(HashParts({revision.id, absl::StrFormat("%d", revision.n)}));
}

absl::StatusOr<WebhookSigner> WebhookSigner::Create(const std::vector<std::string>& secrets) {
  std::vector<std::string> keys;
  for (const std::string& secret : secrets) {
    std::string key;
    if (!secret.starts_with(kPrefix) ||
        !absl::Base64Unescape(secret.substr(kPrefix.size()), &key) || key.size() < kMinKeyBytes ||
        key.size() > kMaxKeyBytes) {
      return InvalidArgument("a secret must be %s and %d to %d bytes in base64", kPrefix,
                             kMinKeyBytes, kMaxKeyBytes);
    }
    keys.push_back(std::move(key));
  }
  return WebhookSigner(std::move(keys));
}

HttpHeaders WebhookSigner::Headers(std::string_view id, absl::Time now,
                                   std::string_view body) const {
  const std::string timestamp = absl::StrFormat("%d", absl::ToUnixSeconds(now));
  HttpHeaders headers = {{"webhook-id", std::string(id)}, {"webhook-timestamp", timestamp}};
  if (keys_.empty()) {
    return headers;
  }
  std::vector<std::string> signatures;
  for (const std::string& key : keys_) {
    const std::string mac = HmacSha256(key, absl::StrFormat("%s.%s.%s", id, timestamp, body));
    signatures.push_back("v1," + absl::Base64Escape(mac));
  }
  headers.emplace_back("webhook-signature", absl::StrJoin(signatures, " "));
  return headers;
}

}  // namespace hark::alert
