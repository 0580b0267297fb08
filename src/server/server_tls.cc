#include "server/server_tls.h"

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <span>
#include <string_view>
#include <utility>

#include "absl/cleanup/cleanup.h"

#include "base/status_macros.h"

namespace hark::server {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{1} << 20;
constexpr Micros kSecond = 1'000'000;
// Keys of at least 112 bits of security (RSA 2048): GNUTLS_PROFILE_TO_VFLAGS without its C cast.
constexpr unsigned kKeyStrength = static_cast<unsigned>(GNUTLS_PROFILE_MEDIUM) << 24;

absl::Status Failed(std::string_view file, int code) {
  return InvalidArgument("%s: %s", file, gnutls_strerror(code));
}

absl::StatusOr<std::string> ReadPem(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string text(kMaxFileBytes + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad() || (stream.fail() && !stream.eof())) {
    return absl::NotFoundError(absl::StrFormat("%s: cannot be read", file));
  }
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kMaxFileBytes) {
    return InvalidArgument("%s: is larger than %d bytes", file, kMaxFileBytes);
  }
  return text;
}

// The library only reads it.
gnutls_datum_t Datum(std::string& text) {
  return {.data = reinterpret_cast<unsigned char*>(text.data()),
          .size = static_cast<unsigned>(text.size())};
}

Micros ExpiryOf(gnutls_x509_crt_t certificate) {
  return gnutls_x509_crt_get_expiration_time(certificate) * kSecond;
}

// A list of certificates that the library has allocated.
class Certificates {
 public:
  Certificates() = default;
  ~Certificates() {
    for (gnutls_x509_crt_t certificate : all()) {
      gnutls_x509_crt_deinit(certificate);
    }
    gnutls_free(list_);
  }
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;

  gnutls_x509_crt_t** list() { return &list_; }
  unsigned* size() { return &size_; }
  std::span<const gnutls_x509_crt_t> all() const { return {list_, size_}; }

 private:
  gnutls_x509_crt_t* list_ = nullptr;
  unsigned size_ = 0;
};

// Of the functions of the library that fill a buffer if it is large enough, and else say how large
// it must be. Empty if it fails for another reason.
template <typename Fill>
std::string Filled(Fill fill) {
  std::string text(256, '\0');
  for (int attempt = 0; attempt < 2; ++attempt) {
    std::size_t size = text.size();
    const int result = fill(text.data(), &size);
    if (result >= 0) {
      text.resize(size);
      // Some of these functions count a zero that they add.
      while (!text.empty() && text.back() == '\0') {
        text.pop_back();
      }
      return text;
    }
    if (result != GNUTLS_E_SHORT_MEMORY_BUFFER) {
      break;
    }
    text.resize(size);
  }
  return "";
}

std::vector<std::string> NamesIn(gnutls_x509_crt_t certificate) {
  std::vector<std::string> names;
  for (unsigned i = 0;; ++i) {
    int type = 0;
    std::string name = Filled([&](char* buffer, std::size_t* size) {
      type = gnutls_x509_crt_get_subject_alt_name(certificate, i, buffer, size, nullptr);
      return type;
    });
    if (type < 0) {
      break;
    }
    if ((type == GNUTLS_SAN_DNSNAME || type == GNUTLS_SAN_URI) && !name.empty()) {
      names.push_back(std::move(name));
    }
  }
  if (names.empty()) {
    std::string name = Filled([&](char* buffer, std::size_t* size) {
      return gnutls_x509_crt_get_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, 0, buffer,
                                           size);
    });
    if (!name.empty()) {
      names.push_back(std::move(name));
    }
  }
  return names;
}

absl::Status StatusOfVerification(unsigned verification) {
  if (verification == 0) {
    return absl::OkStatus();
  }
  gnutls_datum_t text = {.data = nullptr, .size = 0};
  std::string reason = "it is not trusted";
  if (gnutls_certificate_verification_status_print(verification, GNUTLS_CRT_X509, &text, 0) ==
      GNUTLS_E_SUCCESS) {
    reason.assign(reinterpret_cast<const char*>(text.data), text.size);
    gnutls_free(text.data);
  }
  reason.erase(reason.find_last_not_of(" \n") + 1);
  return absl::UnauthenticatedError(reason);
}

absl::Status Verify(gnutls_x509_trust_list_t ca, std::vector<gnutls_x509_crt_t>& chain) {
  // The library takes purposes as bytes that it could change.
  std::string purpose = GNUTLS_KP_TLS_WWW_CLIENT;
  gnutls_typed_vdata_st condition = {
      .type = GNUTLS_DT_KEY_PURPOSE_OID,
      .data = reinterpret_cast<unsigned char*>(purpose.data()),
      .size = 0,
  };
  unsigned verification = 0;
  const int result =
      gnutls_x509_trust_list_verify_crt2(ca, chain.data(), static_cast<unsigned>(chain.size()),
                                         &condition, 1, kKeyStrength, &verification, nullptr);
  if (result != GNUTLS_E_SUCCESS) {
    return absl::UnauthenticatedError(gnutls_strerror(result));
  }
  return StatusOfVerification(verification);
}

}  // namespace

ServerTls::ServerTls() = default;

ServerTls::~ServerTls() {
  if (credentials_ != nullptr) {
    gnutls_certificate_free_credentials(credentials_);
  }
  if (client_ca_ != nullptr) {
    gnutls_x509_trust_list_deinit(client_ca_, /*all=*/1);
  }
}

absl::StatusOr<std::shared_ptr<const ServerTls>> ServerTls::Load(const Files& files) {
  const std::shared_ptr<ServerTls> tls(new ServerTls());
  RETURN_IF_ERROR(tls->LoadCertificate(files));
  if (!files.client_ca_file.empty()) {
    RETURN_IF_ERROR(tls->LoadClientCa(files.client_ca_file));
  }
  return tls;
}

const char* ServerTls::Priorities() {
  return "NONE:+VERS-TLS1.3:+VERS-TLS1.2:+COMP-NULL:%SERVER_PRECEDENCE:+GROUP-ALL:-GROUP-DH-ALL:"
         "+ECDHE-ECDSA:+ECDHE-RSA:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:+AEAD:"
         "+CTYPE-SRV-X509:+CTYPE-CLI-X509:+SIGN-ALL:-SIGN-RSA-SHA1:-SIGN-ECDSA-SHA1:-SIGN-DSA-SHA1:"
         "-SIGN-DSA-SHA256";
}

absl::Status ServerTls::LoadCertificate(const Files& files) {
  ASSIGN_OR_RETURN(std::string certificate, ReadPem(files.cert_file));
  ASSIGN_OR_RETURN(std::string key, ReadPem(files.key_file));
  const gnutls_datum_t certificate_pem = Datum(certificate);
  const gnutls_datum_t key_pem = Datum(key);
  int result = gnutls_certificate_allocate_credentials(&credentials_);
  if (result != GNUTLS_E_SUCCESS) {
    return Failed(files.cert_file, result);
  }
  Certificates chain;
  result = gnutls_x509_crt_list_import2(chain.list(), chain.size(), &certificate_pem,
                                        GNUTLS_X509_FMT_PEM, 0);
  if (result < 0 || chain.all().empty()) {
    return InvalidArgument("%s: holds no certificate in PEM: %s", files.cert_file,
                           gnutls_strerror(result));
  }
  result = gnutls_certificate_set_x509_key_mem(credentials_, &certificate_pem, &key_pem,
                                               GNUTLS_X509_FMT_PEM);
  if (result < 0) {
    return InvalidArgument("%s: is no key for the certificate in %s: %s", files.key_file,
                           files.cert_file, gnutls_strerror(result));
  }
  for (gnutls_x509_crt_t one : chain.all()) {
    expiry_ = std::min(expiry_, ExpiryOf(one));
  }
  return absl::OkStatus();
}

absl::Status ServerTls::LoadClientCa(const std::string& file) {
  ASSIGN_OR_RETURN(std::string text, ReadPem(file));
  const gnutls_datum_t pem = Datum(text);
  Certificates authorities;
  int result = gnutls_x509_crt_list_import2(authorities.list(), authorities.size(), &pem,
                                            GNUTLS_X509_FMT_PEM, 0);
  if (result < 0 || authorities.all().empty()) {
    return InvalidArgument("%s: holds no certificate in PEM: %s", file, gnutls_strerror(result));
  }
  result = gnutls_x509_trust_list_init(&client_ca_, 0);
  if (result == GNUTLS_E_SUCCESS) {
    result =
        gnutls_x509_trust_list_add_trust_mem(client_ca_, &pem, nullptr, GNUTLS_X509_FMT_PEM, 0, 0);
  }
  if (result < 0) {
    return Failed(file, result);
  }
  Micros last = std::numeric_limits<Micros>::min();
  for (gnutls_x509_crt_t one : authorities.all()) {
    last = std::max(last, ExpiryOf(one));
  }
  expiry_ = std::min(expiry_, last);
  return absl::OkStatus();
}

absl::Status ServerTls::Attach(gnutls_session_t session) const {
  const int result = gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials_);
  if (result != GNUTLS_E_SUCCESS) {
    return absl::InternalError(gnutls_strerror(result));
  }
  if (client_ca_ != nullptr) {
    gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> ServerTls::PeerNames(gnutls_session_t session) const {
  unsigned size = 0;
  const gnutls_datum_t* const shown = gnutls_certificate_get_peers(session, &size);
  if (client_ca_ == nullptr || shown == nullptr || size == 0) {
    return std::vector<std::string>();
  }
  std::vector<gnutls_x509_crt_t> chain;
  const absl::Cleanup free_chain = [&chain] {
    for (gnutls_x509_crt_t certificate : chain) {
      gnutls_x509_crt_deinit(certificate);
    }
  };
  for (const gnutls_datum_t& der : std::span(shown, size)) {
    gnutls_x509_crt_t certificate = nullptr;
    if (gnutls_x509_crt_init(&certificate) != GNUTLS_E_SUCCESS) {
      return absl::ResourceExhaustedError("out of memory");
    }
    chain.push_back(certificate);
    const int result = gnutls_x509_crt_import(certificate, &der, GNUTLS_X509_FMT_DER);
    if (result != GNUTLS_E_SUCCESS) {
      return absl::UnauthenticatedError(gnutls_strerror(result));
    }
  }
  gnutls_x509_crt_t const own = chain.front();
  RETURN_IF_ERROR(Verify(client_ca_, chain));
  return NamesIn(own);
}

}  // namespace hark::server
