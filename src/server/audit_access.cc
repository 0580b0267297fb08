#include "server/audit_access.h"

#include <algorithm>
#include <utility>

#include "base/status_macros.h"

namespace hark::server {

absl::StatusOr<std::shared_ptr<AuditAccess>> AuditAccess::Load(
    const std::vector<AuditClient>& clients) {
  auto access = std::make_shared<AuditAccess>();
  for (const AuditClient& configured : clients) {
    Client client{.certificate_name = configured.certificate_name,
                  .token = std::nullopt,
                  .clusters = {configured.clusters.begin(), configured.clusters.end()}};
    if (!configured.token_file.empty()) {
      ASSIGN_OR_RETURN(client.token, BearerToken::Read(configured.token_file));
    }
    access->clusters_.insert(client.clusters.begin(), client.clusters.end());
    access->clients_.push_back(std::move(client));
  }
  return access;
}

bool AuditAccess::Client::Is(const Caller& caller) const {
  if (token) {
    return token->IsShownBy(caller.authorization);
  }
  const std::vector<std::string>& names = caller.certificate_names;
  return std::find(names.begin(), names.end(), certificate_name) != names.end();
}

AuditAccess::Decision AuditAccess::Decide(const Caller& caller, std::string_view cluster) {
  if (is_open()) {
    const MutexLock lock(mutex_);
    if (!open_clusters_.contains(cluster) && open_clusters_.size() >= kMaxOpenClusters) {
      return Decision::kTooMany;
    }
    open_clusters_.emplace(cluster);
    return Decision::kAllowed;
  }
  // All of them are asked, whichever it is: the time says nothing of the tokens.
  bool known = false;
  bool allowed = false;
  for (const Client& client : clients_) {
    const bool is_caller = client.Is(caller);
    known |= is_caller;
    allowed |= is_caller && client.clusters.contains(cluster);
  }
  return allowed ? Decision::kAllowed : known ? Decision::kOtherClusters : Decision::kUnknown;
}

}  // namespace hark::server
