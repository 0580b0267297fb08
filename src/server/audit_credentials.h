#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"

#include "hark/event.h"

#include "base/log.h"
#include "base/mutex.h"
#include "server/audit_access.h"
#include "server/audit_receiver_options.h"
#include "server/server_tls.h"

namespace hark::server {

// What a receiver reads from files: its certificate, the CA of its clients, their tokens.
// Thread-safe.
class AuditCredentials {
 public:
  // The options and the logger outlive it.
  AuditCredentials(const AuditReceiverOptions& options, Logger& log)
      : options_(options), log_(log) {}

  // One state of the files.
  struct Loaded {
    std::shared_ptr<const ServerTls> tls;  // null without TLS
    std::shared_ptr<AuditAccess> access;   // null before the first Load()
  };

  // Reads all of them. On failure nothing has changed.
  absl::Status Load() ABSL_LOCKS_EXCLUDED(mutex_);
  Loaded loaded() const ABSL_LOCKS_EXCLUDED(mutex_);

  // See ServerTls::expiry(); nothing without TLS.
  std::optional<Micros> expiry() const;
  std::vector<std::string> files() const;

 private:
  const AuditReceiverOptions& options_;
  Logger& log_;
  mutable Mutex mutex_;
  Loaded loaded_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hark::server
