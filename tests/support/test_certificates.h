#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hark::testing {

// In PEM.
struct IssuedCertificate {
  std::string certificate, key;
};

// What a certificate says.
struct CertificateSubject {
  std::string common_name = {};
  std::string alternative_names = {};  // "IP:127.0.0.1,DNS:localhost,URI:spiffe://a/b"; empty: none
  std::string usage = "clientAuth";
  long valid_from_seconds = -3600;  // of now
  long valid_to_seconds = 3600;
};

// A certificate authority that a test makes. Keys are of the curve P-256.
class TestAuthority {
 public:
  explicit TestAuthority(std::string_view name = "hark test CA", long valid_to_seconds = 7200)
      : key_(NewKey()), certificate_(X509_new(), X509_free) {
    X509* const own = certificate_.get();
    SetBasics(own, {.common_name = std::string(name), .valid_to_seconds = valid_to_seconds},
              key_.get());
    X509_set_issuer_name(own, X509_get_subject_name(own));
    AddExtension(own, NID_basic_constraints, "critical,CA:TRUE");
    AddExtension(own, NID_key_usage, "critical,keyCertSign,cRLSign");
    X509_sign(own, key_.get(), EVP_sha256());
  }

  std::string certificate() const { return Pem(certificate_.get()); }

  IssuedCertificate Issue(const CertificateSubject& subject) const {
    const Key key = NewKey();
    const Certificate issued(X509_new(), X509_free);
    SetBasics(issued.get(), subject, key.get());
    X509_set_issuer_name(issued.get(), X509_get_subject_name(certificate_.get()));
    AddExtension(issued.get(), NID_basic_constraints, "critical,CA:FALSE");
    AddExtension(issued.get(), NID_ext_key_usage, subject.usage);
    if (!subject.alternative_names.empty()) {
      AddExtension(issued.get(), NID_subject_alt_name, subject.alternative_names);
    }
    X509_sign(issued.get(), key_.get(), EVP_sha256());
    return {.certificate = Pem(issued.get()), .key = PrivatePem(key.get())};
  }

 private:
  using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
  using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
  using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

  static Key NewKey() { return {EVP_EC_gen("P-256"), EVP_PKEY_free}; }

  static void SetBasics(X509* certificate, const CertificateSubject& subject, EVP_PKEY* key) {
    static long serial = 1;
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), subject.valid_from_seconds);
    X509_gmtime_adj(X509_getm_notAfter(certificate), subject.valid_to_seconds);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(subject.common_name.data()),
                               static_cast<int>(subject.common_name.size()), -1, 0);
    X509_set_pubkey(certificate, key);
  }

  static void AddExtension(X509* certificate, int kind, const std::string& value) {
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
        X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str()), X509_EXTENSION_free);
    X509_add_ext(certificate, extension.get(), -1);
  }

  static std::string Text(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
  }
  static std::string Pem(X509* certificate) {
    const Bio bio(BIO_new(BIO_s_mem()), BIO_free);
    PEM_write_bio_X509(bio.get(), certificate);
    return Text(bio.get());
  }
  static std::string PrivatePem(EVP_PKEY* key) {
    const Bio bio(BIO_new(BIO_s_mem()), BIO_free);
    PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
    return Text(bio.get());
  }

  Key key_;
  Certificate certificate_;
};

}  // namespace hark::testing
