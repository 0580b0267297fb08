#include "server/exchange.h"

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"

#include "server/http_status.h"
#include "server/target.h"

namespace hark::server {
void Exchange::Begin(Head head, const Router& router, const AccessControl& access) {
  has_begun_ = true;
  request_.method = head.method;
  request_.headers = std::move(head.headers);
  absl::StatusOr<Target> target = ParseTarget(target_);
  if (!target.ok()) {
    refusal_ = ErrorResponse(http::kBadRequest, std::string(target.status().message()));
    return;
  }
  Router::Result result = router.Find(head.method, target->segments);
  if (const auto* const not_allowed = std::get_if<Router::NotAllowed>(&result)) {
    refusal_ = ErrorResponse(http::kNotAllowed, "this path has the methods " + not_allowed->allow);
    refusal_->headers.emplace_back("Allow", not_allowed->allow);
    return;
  }
  auto* const found = std::get_if<Router::Found>(&result);
  if (found == nullptr) {
    refusal_ = ErrorResponse(http::kNotFound, "there is no such path");
    return;
  }
  route_ = found->route;
  request_.path_parameters = std::move(found->parameters);
  request_.query = std::move(target->query);
  Authorize(route_->access, head.peer, access);
}

void Exchange::Authorize(Access wanted, Peer peer, const AccessControl& access) {
  const AccessControl::Decision decision = access.Decide(peer, request_);
  request_.authorized = decision == AccessControl::Decision::kAllowed;
  if (request_.authorized || wanted == Access::kAnyone) {
    return;
  }
  if (decision == AccessControl::Decision::kForeignPage) {
    refusal_ = ErrorResponse(http::kForbidden,
                             "a request with Origin, or for a host that is neither an IP address "
                             "nor localhost, needs the bearer token");
    return;
  }
  refusal_ = ErrorResponse(http::kUnauthorized, "the bearer token is missing or wrong");
  refusal_->headers.emplace_back("WWW-Authenticate", "Bearer realm=\"hark\"");
}

void Exchange::AddBody(std::string_view bytes, std::size_t max_bytes) {
  if (refusal_) {
    return;
  }
  if (bytes.size() > max_bytes - request_.body.size()) {
    request_.body.clear();
    refusal_ = ErrorResponse(http::kTooLarge,
                             absl::StrFormat("the body has more than %d bytes", max_bytes));
    return;
  }
  request_.body.append(bytes);
}

Response Exchange::Finish() {
  return refusal_ ? *std::move(refusal_) : route_->handler(request_);
}

}  // namespace hark::server
