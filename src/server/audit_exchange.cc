#include "server/audit_exchange.h"

#include <strings.h>

#include <charconv>
#include <cstring>
#include <new>
#include <system_error>
#include <utility>
#include <variant>

#include "absl/strings/str_format.h"

#include "base/cluster_name.h"
#include "server/http_status.h"
#include "server/router.h"
#include "server/target.h"

namespace hark::server {
namespace {

// Shorter than an API server waits for an answer (30 s), so that it asks several times.
constexpr int kRetrySeconds = 2;

// Nobody who was refused for what they are keeps a connection.
Response Close(Response response) {
  response.headers.emplace_back("Connection", "close");
  return response;
}

Response Busy(std::string_view message) {
  return RetryLater(http::kTooMany, message);
}

const Router& AuditRouter() {
  static const auto& router = *[] {
    auto* const made = new Router();
    made->Add(Method::kPost, "/audit/{cluster}", Access::kAnyone, nullptr);
    return made;
  }();
  return router;
}

// The cluster of the path, or the answer to a request for something else.
std::variant<std::string, Response> ClusterOf(std::string_view target) {
  absl::StatusOr<Target> parsed = ParseTarget(target);
  if (!parsed.ok()) {
    return ErrorResponse(http::kBadRequest, std::string(parsed.status().message()));
  }
  Router::Result result = AuditRouter().Find(Method::kPost, parsed->segments);
  auto* const found = std::get_if<Router::Found>(&result);
  if (found == nullptr) {
    return ErrorResponse(http::kNotFound, "audit events are posted to /audit/CLUSTER");
  }
  return std::move(found->parameters.at("cluster"));
}

Response NotAllowed() {
  Response response = ErrorResponse(http::kNotAllowed, "audit events are posted");
  response.headers.emplace_back("Allow", "POST");
  return response;
}

Response Unauthorized(const absl::Status& certificate) {
  Response response = ErrorResponse(
      http::kUnauthorized, certificate.ok()
                               ? "there is neither a client certificate nor a valid bearer token"
                               : absl::StrFormat("the client certificate is refused: %s",
                                                 std::string(certificate.message())));
  response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"hark\"");
  return response;
}

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

Response RetryLater(int status, std::string_view message) {
  Response response = ErrorResponse(status, message);
  response.headers.emplace_back("Retry-After", std::to_string(kRetrySeconds));
  return response;
}

void AuditExchange::Begin(const Head& head, AuditAccess& access, TimePoint now) {
  expects_continue_ = EqualsIgnoringCase(Header(head.headers, "expect"), "100-continue");
  std::variant<std::string, Response> cluster = ClusterOf(target_);
  if (auto* const refusal = std::get_if<Response>(&cluster)) {
    Refuse(Close(std::move(*refusal)), now);
    return;
  }
  requested_cluster_ = std::get<std::string>(std::move(cluster));
  if (access.Knows(requested_cluster_)) {
    known_cluster_ = requested_cluster_;
  }
  if (auto refusal = CheckCaller(head, access)) {
    Refuse(Close(*std::move(refusal)), now);
    return;
  }
  // A look from a browser or with kubectl then shows whether the credential is right.
  if (head.method != Method::kPost) {
    Refuse(Close(NotAllowed()), now);
    return;
  }
  cluster_ = requested_cluster_;
  known_cluster_ = requested_cluster_;
  if (auto refusal = CheckHeaders(head.headers)) {
    Refuse(*std::move(refusal), now);
  }
}

std::optional<Response> AuditExchange::CheckCaller(const Head& head, AuditAccess& access) const {
  if (!IsClusterName(requested_cluster_)) {
    return ErrorResponse(http::kBadRequest,
                         "a cluster's name has 1 to 253 letters, digits, dots, hyphens and "
                         "underscores, and begins with a letter or digit");
  }
  if (access.is_open() && MayBeForeignPage(head.headers)) {
    return ErrorResponse(http::kForbidden,
                         "a request with Origin, or for a host that is neither an IP address nor "
                         "localhost, needs a client certificate or a token");
  }
  const bool has_names = head.certificate_names.ok() && !head.certificate_names->empty();
  AuditAccess::Caller caller{.authorization = Header(head.headers, "authorization")};
  if (has_names) {
    caller.certificate_names = *head.certificate_names;
  }
  switch (access.Decide(caller, requested_cluster_)) {
    case AuditAccess::Decision::kAllowed:
      return std::nullopt;
    case AuditAccess::Decision::kOtherClusters:
      return ErrorResponse(http::kForbidden, "this client may not post for this cluster");
    case AuditAccess::Decision::kTooMany:
      return ErrorResponse(http::kForbidden, "this listener has had too many clusters");
    case AuditAccess::Decision::kUnknown:
      break;
  }
  if (has_names) {
    return ErrorResponse(http::kForbidden, "no client has a name of this certificate");
  }
  return Unauthorized(head.certificate_names.status());
}

std::optional<Response> AuditExchange::CheckHeaders(const Headers& headers) {
  const std::string_view encoding = Header(headers, "content-encoding");
  if (!encoding.empty() && !EqualsIgnoringCase(encoding, "identity")) {
    return ErrorResponse(http::kUnsupported, "a body must not be compressed: API servers never do");
  }
  const std::string_view length = Header(headers, "content-length");
  const std::string_view transfer = Header(headers, "transfer-encoding");
  if (!transfer.empty() && (!EqualsIgnoringCase(transfer, "chunked") || !length.empty())) {
    return Close(
        ErrorResponse(http::kBadRequest, "a body is chunked, or has a length, and no more"));
  }
  capacity_ = transfer.empty() ? 0 : limits_.max_body_bytes;
  if (!length.empty()) {
    const char* const end = length.data() + length.size();
    const auto [rest, error] = std::from_chars(length.data(), end, capacity_);
    if (error != std::errc() || rest != end) {
      return Close(ErrorResponse(http::kBadRequest, "the length of the body is no number"));
    }
    if (capacity_ > limits_.max_body_bytes) {
      return Busy(absl::StrFormat("the body has more than %d bytes", limits_.max_body_bytes));
    }
    if (capacity_ > budget_.capacity() - budget_.used()) {
      return Busy("all bodies together are too large");
    }
  }
  return std::nullopt;
}

void AuditExchange::Refuse(Response refusal, TimePoint now) {
  bytes_.reset();
  memory_.Release();
  refusal_ = std::move(refusal);
  refused_at_ = now;
}

bool AuditExchange::Allocate() {
  // Pages of a large allocation take memory only when they are written to, so the whole of an
  // announced body, or of one that may come in chunks, can be had at once and need not be moved as
  // it grows. What is counted is what was written.
  bytes_.reset(new (std::nothrow) char[capacity_ + AuditBody::kPadding]);
  std::optional<MemoryReservation> reserved = budget_.Reserve(AuditBody::kPadding);
  if (bytes_ == nullptr || !reserved) {
    return false;
  }
  memory_ = *std::move(reserved);
  return true;
}

void AuditExchange::AddBody(std::string_view bytes, TimePoint now) {
  if (refusal_) {
    drained_ += bytes.size();
    return;
  }
  if (bytes.size() > capacity_ - size_) {
    Refuse(Busy(absl::StrFormat("the body has more than %d bytes", limits_.max_body_bytes)), now);
    return;
  }
  if ((bytes_ == nullptr && !Allocate()) || !memory_.Grow(bytes.size())) {
    Refuse(Busy("all bodies together are too large"), now);
    return;
  }
  std::memcpy(bytes_.get() + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
}

bool AuditExchange::HasDrained(TimePoint now) const {
  return refusal_ && (drained_ >= limits_.drain_bytes ||
                      now - refused_at_ >= absl::ToChronoNanoseconds(limits_.drain_time));
}

AuditBody AuditExchange::TakeBody(std::string listener) {
  if (bytes_ == nullptr && !Allocate()) {
    // A body of no bytes: what cannot be counted is the padding alone.
    bytes_ = std::make_unique<char[]>(AuditBody::kPadding);
  }
  std::memset(bytes_.get() + size_, 0, AuditBody::kPadding);
  return {.listener = std::move(listener),
          .cluster = cluster_,
          .bytes = std::move(bytes_),
          .size = size_,
          .memory = std::move(memory_)};
}

}  // namespace hark::server
