#include "server/audit_credentials.h"

#include <utility>

#include "absl/time/time.h"

#include "hark/clock.h"

#include "base/status_macros.h"

namespace hark::server {

absl::Status AuditCredentials::Load() {
  Loaded loaded;
  if (!options_.cert_file.empty()) {
    ASSIGN_OR_RETURN(loaded.tls, ServerTls::Load({.cert_file = options_.cert_file,
                                                  .key_file = options_.key_file,
                                                  .client_ca_file = options_.client_ca_file}));
    if (loaded.tls->expiry() <= absl::ToUnixMicros(Clock::System().Now())) {
      log_.Write({.level = LogLevel::kWarning,
                  .key = "certificate_expired",
                  .text = "The certificate of the listener, or its client CA, has expired.",
                  .about = options_.listen},
                 {{"listener", options_.listen}});
    }
  }
  ASSIGN_OR_RETURN(loaded.access, AuditAccess::Load(options_.clients));
  const MutexLock lock(mutex_);
  loaded_ = std::move(loaded);
  return absl::OkStatus();
}

AuditCredentials::Loaded AuditCredentials::loaded() const {
  const MutexLock lock(mutex_);
  return loaded_;
}

std::optional<Micros> AuditCredentials::expiry() const {
  const std::shared_ptr<const ServerTls> tls = loaded().tls;
  return tls == nullptr ? std::nullopt : std::optional(tls->expiry());
}

std::vector<std::string> AuditCredentials::files() const {
  std::vector<std::string> files = {options_.cert_file, options_.key_file, options_.client_ca_file};
  for (const AuditClient& client : options_.clients) {
    files.push_back(client.token_file);
  }
  std::erase(files, "");
  return files;
}

}  // namespace hark::server
