#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"

#include "base/mutex.h"
#include "base/string_map.h"
#include "server/bearer_token.h"

namespace hark::server {

// Somebody who posts audit events, and the clusters that they may be from.
struct AuditClient {
  std::string certificate_name = {};  // a name in its certificate: see ServerTls::PeerNames
  std::string token_file = {};        // in place of it
  std::vector<std::string> clusters = {};
};

// Who may post for which clusters. A caller that is several clients, by the names in its
// certificate or by its token, may post for the clusters of all of them. Thread-safe.
class AuditAccess {
 public:
  // Clusters that anybody may post for where there are no clients: each becomes a source.
  static constexpr std::size_t kMaxOpenClusters = 64;

  // Reads the token files. Without clients anybody may post for any cluster.
  static absl::StatusOr<std::shared_ptr<AuditAccess>> Load(const std::vector<AuditClient>& clients);

  struct Caller {
    std::vector<std::string> certificate_names = {};
    std::string_view authorization = {};  // the header
  };
  enum class Decision : std::uint8_t {
    kAllowed,
    kUnknown,        // shows nothing that a client has
    kOtherClusters,  // is a client, but not of this cluster
    kTooMany,        // the cluster would be one more than kMaxOpenClusters
  };
  Decision Decide(const Caller& caller, std::string_view cluster) ABSL_LOCKS_EXCLUDED(mutex_);

  bool is_open() const { return clients_.empty(); }
  // Is it a cluster of some client?
  bool Knows(std::string_view cluster) const { return clusters_.contains(cluster); }

 private:
  struct Client {
    std::string certificate_name;
    std::optional<BearerToken> token;
    std::set<std::string, std::less<>> clusters;

    bool Is(const Caller& caller) const;
  };

  std::vector<Client> clients_;
  StringSet clusters_;  // of the clients
  Mutex mutex_;
  StringSet open_clusters_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hark::server
