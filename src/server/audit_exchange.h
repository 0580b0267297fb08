#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "server/access.h"
#include "server/audit_access.h"
#include "server/audit_sink.h"
#include "server/http.h"
#include "server/memory_budget.h"

namespace hark::server {

// What all requests of a listener have in common.
struct AuditLimits {
  std::size_t max_body_bytes = std::size_t{128} << 20;
  // A body that is refused is still read as far as this, because an answer that comes before the
  // client has written its body can be lost with a reset.
  std::size_t drain_bytes = std::size_t{8} << 20;
  absl::Duration drain_time = absl::Seconds(1);
  // How long a connection is still read after an answer that came before the end of the body.
  absl::Duration linger = absl::Seconds(1);
};

// 429 or 503, and how long the client is to wait. An API server then tries the batch again within
// the same attempt, some ten times, before its own back-off begins.
Response RetryLater(int status, std::string_view message);

// One request of an API server on its way to the sink. It knows nothing of sockets. Used by one
// thread at a time.
//
//   Begin(headers) ─▶ AddBody()* ─▶ TakeBody()
//         │               │
//         └───────────────┴──▶ refusal(): the answer, once HasDrained() or the body has ended
class AuditExchange {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // What it is given outlives it.
  AuditExchange(std::string_view target, const AuditLimits& limits, MemoryBudget& budget)
      : target_(target), limits_(limits), budget_(budget) {}

  struct Head {
    Method method = Method::kOther;
    Headers headers = {};
    // See ServerTls::PeerNames().
    absl::StatusOr<std::vector<std::string>> certificate_names = std::vector<std::string>();
  };
  // Decides what can be decided without the body.
  void Begin(const Head& head, AuditAccess& access, TimePoint now);
  // The request is over the bounds of the whole receiver.
  void Refuse(Response refusal, TimePoint now);

  void AddBody(std::string_view bytes, TimePoint now);

  // Empty as long as the caller may not post for it.
  const std::string& cluster() const { return cluster_; }
  // cluster(), or the name that the caller was refused for, if it is one of the configuration; else
  // empty: a bounded set, for metrics.
  const std::string& known_cluster() const { return known_cluster_; }
  // As the client wrote it, without the query.
  std::string_view path() const { return std::string_view(target_).substr(0, target_.find('?')); }
  // Null as long as nothing is wrong.
  const Response* refusal() const { return refusal_ ? &*refusal_ : nullptr; }
  // Has so much of a refused body been read that the answer may be sent before its end?
  bool HasDrained(TimePoint now) const;
  // The client waits for a word before it sends the body.
  bool expects_continue() const { return expects_continue_; }

  // The whole body. REQUIRES: refusal() is null, all of it was added; once.
  AuditBody TakeBody(std::string listener);

 private:
  std::optional<Response> CheckCaller(const Head& head, AuditAccess& access) const;
  std::optional<Response> CheckHeaders(const Headers& headers);
  // Makes room for a body of at most `capacity_` bytes; false if there is none.
  bool Allocate();

  const std::string target_;
  const AuditLimits& limits_;
  MemoryBudget& budget_;

  std::string requested_cluster_, known_cluster_, cluster_;
  bool expects_continue_ = false;
  std::size_t capacity_ = 0;  // announced, or the bound
  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  MemoryReservation memory_;

  std::optional<Response> refusal_;
  TimePoint refused_at_;
  std::size_t drained_ = 0;
};

}  // namespace hark::server
