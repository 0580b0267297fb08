#pragma once

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "hark/event.h"

namespace hark::server {

// The TLS of a listener: TLS 1.2 and 1.3, its certificate and key, and the CA that must have
// signed the certificates of clients. As its files were when it was loaded. Immutable and
// thread-safe; it outlives the sessions that it is attached to.
class ServerTls {
 public:
  // PEM. The certificate comes first in its file, those of intermediate CAs follow. Without a
  // client CA clients are not asked for certificates.
  struct Files {
    std::string cert_file, key_file, client_ca_file;
  };
  // Messages name the file.
  static absl::StatusOr<std::shared_ptr<const ServerTls>> Load(const Files& files);
  ~ServerTls();
  ServerTls(const ServerTls&) = delete;
  ServerTls& operator=(const ServerTls&) = delete;

  // What sessions may use, in the language of gnutls_priority_init(3).
  static const char* Priorities();

  // Has the session show this certificate. To be called before its handshake.
  absl::Status Attach(gnutls_session_t session) const;

  // The names in the certificate that the other side has shown in its handshake: DNS names and URIs
  // of its subjectAltName, or if there is none its common name. None if it showed none. Fails if
  // the certificate is not valid now for a client, or is not from the client CA. The handshake does
  // not look: a client that is refused is to be told why.
  absl::StatusOr<std::vector<std::string>> PeerNames(gnutls_session_t session) const;

  // When the first certificate of the listener's own chain expires, or, where that is earlier, the
  // last one of the client CA.
  Micros expiry() const { return expiry_; }

 private:
  ServerTls();

  absl::Status LoadCertificate(const Files& files);
  absl::Status LoadClientCa(const std::string& file);

  gnutls_certificate_credentials_t credentials_ = nullptr;
  gnutls_x509_trust_list_t client_ca_ = nullptr;  // null: clients are not asked
  Micros expiry_ = std::numeric_limits<Micros>::max();
};

}  // namespace hark::server
