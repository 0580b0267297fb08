#pragma once

#include "absl/status/status.h"
#include "simdjson.h"

namespace hark::alert {

// What simdjson reports of a text that is not what it should be.
inline absl::Status ToStatus(simdjson::error_code error) {
  return error == simdjson::SUCCESS ? absl::OkStatus()
                                    : absl::InvalidArgumentError(simdjson::error_message(error));
}

}  // namespace hark::alert
