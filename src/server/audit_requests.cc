#include "server/audit_requests.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"

#include "server/http_status.h"
#include "server/mhd.h"

namespace hark::server {
namespace {

using TimePoint = AuditExchange::TimePoint;

// How long a client may take to read its answer.
constexpr absl::Duration kAnswerDeadline = absl::Seconds(5);

TimePoint Now() {
  return std::chrono::steady_clock::now();
}

Response ResponseTo(AuditOutcome outcome) {
  switch (outcome) {
    case AuditOutcome::kStored:
      return {};
    case AuditOutcome::kNotEvents:
      return ErrorResponse(http::kBadRequest, "the body is no EventList of audit.k8s.io");
    case AuditOutcome::kBusy:
      return RetryLater(http::kTooMany, "too much waits to be judged");
    case AuditOutcome::kUnavailable:
      break;
  }
  return RetryLater(http::kUnavailable, "the events could not be stored in time");
}

}  // namespace

std::unique_ptr<AuditRequests::Request> AuditRequests::New(std::string_view target,
                                                           MHD_Connection* connection) {
  shared_.deadlines.Set(mhd::SocketOf(connection), shared_.options.request_deadline);
  return std::make_unique<Request>(target, shared_);
}

MHD_Result AuditRequests::Begin(MHD_Connection* connection, std::string_view method,
                                Request& request) {
  request.has_begun_ = true;
  bool refuses = false;
  {
    const MutexLock lock(mutex_);
    ++running_;
    refuses = refuses_new_;
  }
  const AuditCredentials::Loaded credentials = shared_.credentials.loaded();
  AuditExchange::Head head{.method = ParseMethod(method), .headers = mhd::HeadersOf(connection)};
  if (credentials.tls != nullptr) {
    head.certificate_names = credentials.tls->PeerNames(mhd::SessionOf(connection));
  }
  AuditExchange& exchange = request.exchange_;
  exchange.Begin(head, *credentials.access, Now());
  if (!exchange.cluster().empty()) {
    shared_.sink.OnOpen(shared_.options.listen, exchange.cluster());
  }
  if (refuses && exchange.refusal() == nullptr) {
    exchange.Refuse(RetryLater(http::kUnavailable, "hark stops"), Now());
  }
  if (exchange.refusal() == nullptr) {
    return MHD_YES;
  }
  if (exchange.expects_continue()) {
    return Answer(connection, *exchange.refusal(), request);
  }
  BoundDrain(connection);
  return MHD_YES;
}

void AuditRequests::AddBody(MHD_Connection* connection, std::string_view bytes, Request& request) {
  if (request.is_answered()) {
    return;
  }
  AuditExchange& exchange = request.exchange_;
  const bool was_refused = exchange.refusal() != nullptr;
  exchange.AddBody(bytes, Now());
  if (exchange.HasDrained(Now())) {
    Note(connection, *exchange.refusal(), request);
    mhd::SendEarly(connection, *exchange.refusal());
    shared_.deadlines.Set(mhd::SocketOf(connection), shared_.options.limits.linger);
  } else if (exchange.refusal() != nullptr && !was_refused) {
    BoundDrain(connection);
  }
}

void AuditRequests::BoundDrain(MHD_Connection* connection) {
  // A body of which nothing comes gives no occasion for an answer.
  const AuditLimits& limits = shared_.options.limits;
  shared_.deadlines.Set(mhd::SocketOf(connection), limits.drain_time + limits.linger);
}

MHD_Result AuditRequests::Finish(MHD_Connection* connection, Request& request) {
  if (request.is_answered()) {
    return MHD_NO;  // closes: the answer was sent before the end of the body
  }
  if (request.exchange_.refusal() != nullptr) {
    return Answer(connection, *request.exchange_.refusal(), request);
  }
  if (request.awaited_ == nullptr) {
    return HandOver(connection, request);
  }
  return Answer(connection,
                ResponseTo(request.awaited_->outcome().value_or(AuditOutcome::kUnavailable)),
                request);
}

MHD_Result AuditRequests::HandOver(MHD_Connection* connection, Request& request) {
  request.awaited_ = AwaitedOutcome::Create([connection] { MHD_resume_connection(connection); });
  bool has_given_up = false;
  {
    const MutexLock lock(mutex_);
    has_given_up = has_given_up_;
    if (!has_given_up) {
      // Before anybody can know the outcome: a connection that is resumed first stays suspended.
      MHD_suspend_connection(connection);
      waiting_.insert(request.awaited_);
    }
  }
  if (has_given_up) {
    return Answer(connection, ResponseTo(AuditOutcome::kUnavailable), request);
  }
  const absl::Duration left =
      shared_.options.request_deadline - absl::FromChrono(Now() - request.started_);
  shared_.deadlines.Set(
      mhd::SocketOf(connection), std::max(left, absl::ZeroDuration()),
      [awaited = request.awaited_] { awaited->Settle(AuditOutcome::kUnavailable); });
  shared_.sink.Take(request.exchange_.TakeBody(shared_.options.listen), request.awaited_->Done());
  return MHD_YES;
}

MHD_Result AuditRequests::Answer(MHD_Connection* connection, Response response, Request& request) {
  {
    const MutexLock lock(mutex_);
    waiting_.erase(request.awaited_);
    if (refuses_new_) {
      response.headers.emplace_back("Connection", "close");
    }
  }
  shared_.deadlines.Set(mhd::SocketOf(connection), kAnswerDeadline);
  Note(connection, response, request);
  return mhd::Send(connection, response);
}

void AuditRequests::Note(MHD_Connection* connection, const Response& response, Request& request) {
  request.code_ = response.status;
  shared_.metrics.Answered(request.exchange_.known_cluster(), response.status);
  if (response.status == http::kOk) {
    shared_.metrics.Acknowledged(
        absl::ToInt64Microseconds(absl::FromChrono(Now() - request.started_)));
    return;
  }
  const std::string& listener = shared_.options.listen;
  shared_.log.Write({.level = LogLevel::kWarning,
                     .key = "webhook_refused",
                     .text = "A request with audit events is refused.",
                     .about = absl::StrFormat("%s %d", listener, response.status)},
                    {{"listener", listener},
                     {"client", mhd::PeerTextOf(connection)},
                     {"path", request.exchange_.path()},
                     {"status", std::int64_t{response.status}},
                     {"answer", response.body}});
}

void AuditRequests::End(MHD_Connection* connection, const Request& request) {
  shared_.deadlines.Set(mhd::SocketOf(connection), shared_.options.idle_deadline);
  const std::string& listener = shared_.options.listen;
  if (!request.is_answered()) {
    shared_.metrics.Answered(request.exchange_.known_cluster(), request.code_);
    shared_.log.Write({.level = LogLevel::kWarning,
                       .key = "webhook_broken_off",
                       .text = "A request with audit events has ended before its answer: the "
                               "client has gone, or took too long.",
                       .about = listener},
                      {{"listener", listener},
                       {"client", mhd::PeerTextOf(connection)},
                       {"cluster", request.exchange_.known_cluster()}});
  }
  if (!request.exchange_.cluster().empty()) {
    shared_.sink.OnClose(listener, request.exchange_.cluster());
  }
  const MutexLock lock(mutex_);
  --running_;
  ended_.NotifyAll();
}

void AuditRequests::RefuseNew() {
  const MutexLock lock(mutex_);
  refuses_new_ = true;
}

void AuditRequests::WaitForEnds(absl::Duration at_most) {
  const TimePoint deadline = Now() + absl::ToChronoNanoseconds(at_most);
  MutexLock lock(mutex_);
  while (running_ > 0 && Now() < deadline) {
    ended_.WaitUntil(lock, deadline);
  }
}

void AuditRequests::GiveUpOnSink() {
  std::set<std::shared_ptr<AwaitedOutcome>> waiting;
  {
    const MutexLock lock(mutex_);
    has_given_up_ = true;
    waiting.swap(waiting_);
  }
  for (const auto& awaited : waiting) {
    awaited->Settle(AuditOutcome::kUnavailable);
  }
}

}  // namespace hark::server
