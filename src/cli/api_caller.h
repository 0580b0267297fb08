#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "server/http.h"

namespace hark::cli {

// Asks for what pipeline/delivery_api.h offers. Not thread-safe.
class ApiCaller {
 public:
  virtual ~ApiCaller() = default;

  // The body of the answer; errors as DaemonClient's. `target`: "/api/v1/silences?all=true".
  virtual absl::StatusOr<std::string> Call(server::Method method, const std::string& target,
                                           const std::string& body) = 0;
};

// Asks the daemon that holds the data_dir; where there is none, the same code works on its database
// within this process, and no daemon can start until the caller is destroyed.
absl::StatusOr<std::unique_ptr<ApiCaller>> OpenApiCaller(const std::string& data_dir);

// For a value of a query.
std::string PercentEncoded(const std::string& text);

}  // namespace hark::cli
