#pragma once

#include <microhttpd.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <set>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"

#include "base/log.h"
#include "base/mutex.h"
#include "metrics/receiver_metrics.h"
#include "server/audit_credentials.h"
#include "server/audit_exchange.h"
#include "server/audit_receiver_options.h"
#include "server/audit_sink.h"
#include "server/awaited_outcome.h"
#include "server/connection_deadlines.h"
#include "server/http.h"
#include "server/memory_budget.h"

namespace hark::server {

// The requests of one receiver, from their first line to their end: what libmicrohttpd's callbacks
// do. Each function but the last three is called on a thread of the library, those with the same
// request by one thread at a time.
//
//   New() ─▶ Begin() ─▶ AddBody()* ─▶ Finish() ─▶ (suspended) ─▶ Finish() ─▶ End()
class AuditRequests {
 public:
  // What all requests of a receiver share. All of it outlives this.
  struct Shared {
    const AuditReceiverOptions& options;
    const AuditCredentials& credentials;
    AuditSink& sink;
    MemoryBudget& budget;
    metrics::ReceiverMetrics& metrics;
    Logger& log;
    ConnectionDeadlines& deadlines;
  };
  explicit AuditRequests(const Shared& shared) : shared_(shared) {}

  class Request {
   public:
    Request(std::string_view target, const Shared& shared)
        : exchange_(target, shared.options.limits, shared.budget) {}

    bool has_begun() const { return has_begun_; }

   private:
    friend class AuditRequests;

    bool is_answered() const { return code_ != metrics::ReceiverMetrics::kNoAnswer; }

    AuditExchange exchange_;
    const AuditExchange::TimePoint started_ = std::chrono::steady_clock::now();
    bool has_begun_ = false;
    int code_ = metrics::ReceiverMetrics::kNoAnswer;  // of the answer that was sent
    std::shared_ptr<AwaitedOutcome> awaited_;         // once the sink has the body
  };

  // Its first line has come.
  std::unique_ptr<Request> New(std::string_view target, MHD_Connection* connection);
  // Its headers have come.
  MHD_Result Begin(MHD_Connection* connection, std::string_view method, Request& request)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // A part of its body has come.
  void AddBody(MHD_Connection* connection, std::string_view bytes, Request& request);
  // Its body has ended, or its outcome is known.
  MHD_Result Finish(MHD_Connection* connection, Request& request);
  // It was answered, or its connection is lost. REQUIRES: it has begun.
  void End(MHD_Connection* connection, const Request& request) ABSL_LOCKS_EXCLUDED(mutex_);

  // For the end of the receiver, in this order: requests that begin are refused; those that run are
  // waited for; those whose body is at the sink are answered with 503, and no connection is
  // suspended any more.
  void RefuseNew() ABSL_LOCKS_EXCLUDED(mutex_);
  void WaitForEnds(absl::Duration at_most) ABSL_LOCKS_EXCLUDED(mutex_);
  void GiveUpOnSink() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // The rest of a refused body has to come soon.
  void BoundDrain(MHD_Connection* connection);
  MHD_Result HandOver(MHD_Connection* connection, Request& request) ABSL_LOCKS_EXCLUDED(mutex_);
  MHD_Result Answer(MHD_Connection* connection, Response response, Request& request)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Counts and logs the answer that is about to be sent.
  void Note(MHD_Connection* connection, const Response& response, Request& request);

  const Shared shared_;

  Mutex mutex_;
  CondVar ended_;
  std::size_t running_ ABSL_GUARDED_BY(mutex_) = 0;  // have begun and not ended
  std::set<std::shared_ptr<AwaitedOutcome>> waiting_ ABSL_GUARDED_BY(mutex_);
  bool refuses_new_ ABSL_GUARDED_BY(mutex_) = false;
  bool has_given_up_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace hark::server
