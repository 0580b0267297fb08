#include "server/audit_receiver_options.h"

#include "base/listen_address.h"
#include "base/status_macros.h"

namespace hark::server {

absl::Status CheckAuditReceiverOptions(const AuditReceiverOptions& options) {
  ASSIGN_OR_RETURN(const ListenAddress address, ParseListenAddress(options.listen));
  const bool has_tls = !options.cert_file.empty();
  if (has_tls != !options.key_file.empty()) {
    return InvalidArgument("listener %s: a certificate and a key need each other", options.listen);
  }
  if (!options.client_ca_file.empty() && !has_tls) {
    return InvalidArgument("listener %s: a client CA needs a certificate of its own",
                           options.listen);
  }
  if (!address.is_loopback() && (!has_tls || options.clients.empty())) {
    return InvalidArgument("listener %s is not loopback: a certificate and clients are needed",
                           options.listen);
  }
  for (const AuditClient& client : options.clients) {
    if (client.certificate_name.empty() == client.token_file.empty()) {
      return InvalidArgument("listener %s: a client has either a certificate name or a token",
                             options.listen);
    }
    if (!client.certificate_name.empty() && options.client_ca_file.empty()) {
      return InvalidArgument("listener %s: the client %s needs a client CA", options.listen,
                             client.certificate_name);
    }
  }
  return absl::OkStatus();
}

}  // namespace hark::server
