#pragma once

#include "absl/status/status.h"

// The codes of HTTP that hark answers with (RFC 9110 section 15).
namespace hark::server::http {

constexpr int kOk = 200;
constexpr int kBadRequest = 400;
constexpr int kUnauthorized = 401;
constexpr int kForbidden = 403;
constexpr int kNotFound = 404;
constexpr int kNotAllowed = 405;
constexpr int kTooLarge = 413;
constexpr int kUnsupported = 415;
constexpr int kTooMany = 429;
constexpr int kInternal = 500;
constexpr int kUnavailable = 503;

// How an error of a request's handler is answered.
constexpr int StatusOf(absl::StatusCode error) {
  switch (error) {
    case absl::StatusCode::kInvalidArgument:
      return kBadRequest;
    case absl::StatusCode::kNotFound:
      return kNotFound;
    case absl::StatusCode::kUnavailable:
      return kUnavailable;
    default:
      return kInternal;
  }
}

}  // namespace hark::server::http
