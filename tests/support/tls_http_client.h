#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "support/http_client.h"
#include "support/test_certificates.h"

namespace hark::testing {

// What a client of TLS trusts and shows.
struct TlsClientOptions {
  std::string ca = {};                 // PEM, of the server's certificate
  IssuedCertificate certificate = {};  // none if empty
  int max_version = TLS1_3_VERSION;
  int min_version = TLS1_VERSION;
};

// An HTTPS client over OpenSSL: not the library that hark's server uses. Checks the server's
// certificate for the address. Where the handshake fails, nothing is sent and no answer comes.
class TlsHttpClient : public HttpClient {
 public:
  TlsHttpClient(const std::string& address, std::uint16_t port, const TlsClientOptions& options)
      : HttpClient(address, port),
        context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free),
        ssl_(nullptr, SSL_free) {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to sockets as to files
    SSL_CTX* const context = context_.get();
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_min_proto_version(context, options.min_version);
    SSL_CTX_set_max_proto_version(context, options.max_version);
    SSL_CTX_set_security_level(context, 0);  // or it would not even try old versions
    Trust(context, options.ca);
    if (!options.certificate.certificate.empty()) {
      Show(context, options.certificate);
    }
    ssl_.reset(SSL_new(context));
    SSL_set_fd(ssl_.get(), fd());
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), address.c_str());
    is_secure_ = connected() && SSL_connect(ssl_.get()) == 1;
    ERR_clear_error();
  }

  bool is_secure() const { return is_secure_; }
  std::string version() const { return SSL_get_version(ssl_.get()); }
  // Of the certificate that the server has shown.
  std::string server_name() const {
    const std::unique_ptr<X509, decltype(&X509_free)> shown(SSL_get1_peer_certificate(ssl_.get()),
                                                            X509_free);
    char name[256] = {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(shown.get()), NID_commonName, name,
                              sizeof(name));
    return name;
  }

 protected:
  ssize_t Write(std::string_view bytes) override {
    return is_secure_ ? SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) : -1;
  }
  ssize_t Read(char* buffer, std::size_t size) override {
    return is_secure_ ? SSL_read(ssl_.get(), buffer, static_cast<int>(size)) : -1;
  }

 private:
  using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

  static Bio BioOf(const std::string& text) {
    return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
  }
  static void Trust(SSL_CTX* context, const std::string& ca) {
    const Bio bio = BioOf(ca);
    X509* const certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate);
    X509_free(certificate);
  }
  static void Show(SSL_CTX* context, const IssuedCertificate& own) {
    const Bio certificate_bio = BioOf(own.certificate);
    X509* const certificate = PEM_read_bio_X509(certificate_bio.get(), nullptr, nullptr, nullptr);
    SSL_CTX_use_certificate(context, certificate);
    X509_free(certificate);
    const Bio key_bio = BioOf(own.key);
    EVP_PKEY* const key = PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr);
    SSL_CTX_use_PrivateKey(context, key);
    EVP_PKEY_free(key);
  }

  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  bool is_secure_ = false;
};

}  // namespace hark::testing
