#include "alert/transfer_error.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_format.h"

namespace hark::alert {
namespace {

struct Explanation {
  std::string_view part;  // of the message
  std::string_view text;
};

constexpr std::string_view kUntrusted =
    "the receiver's certificate must be signed by one in tls.ca_file";
constexpr std::string_view kNoClientCertificate =
    "the receiver may ask for a client certificate: tls.cert_file, tls.key_file";
constexpr std::string_view kBadClientCertificate =
    "the receiver does not accept the certificate in tls.cert_file";

constexpr auto kExplanations = std::to_array<Explanation>({
    {"unable to get local issuer certificate", kUntrusted},
    {"self-signed certificate", kUntrusted},
    {"no alternative certificate subject name", "the receiver's certificate is for another name"},
    {"alert certificate required", kNoClientCertificate},
    {"alert handshake failure", kNoClientCertificate},
    {"getpeername() failed",
     "the receiver broke the connection off at once; it may want a client certificate, or another "
     "one: tls.cert_file, tls.key_file"},
    {"alert unknown ca", kBadClientCertificate},
    {"alert bad certificate", kBadClientCertificate},
    {"alert certificate expired", kBadClientCertificate},
    {"alert certificate revoked", kBadClientCertificate},
    {"wrong version number", "the receiver does not speak TLS at this port"},
    {"unable to set private key file",
     "it is not the key of the certificate in tls.cert_file, or needs a passphrase"},
});

}  // namespace

std::string ExplainTransferError(std::string_view error) {
  const auto* const found = std::find_if(
      kExplanations.begin(), kExplanations.end(), [error](const Explanation& explanation) {
        return error.find(explanation.part) != std::string_view::npos;
      });
  return found == kExplanations.end() ? std::string(error)
                                      : absl::StrFormat("%s (%s)", error, found->text);
}

}  // namespace hark::alert
