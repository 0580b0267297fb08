#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "base/hash128.h"

namespace hark::server {

// A token that callers show as "Authorization: Bearer TOKEN". Only its hash is kept. Immutable.
class BearerToken {
 public:
  // A token has 16 to 4,096 visible ASCII characters; white space around it is no part of it. No
  // message holds any of it.
  static absl::StatusOr<BearerToken> Read(const std::string& file);

  // Does the value of an Authorization header show it? Takes as long for a token that is nearly
  // right as for any other.
  bool IsShownBy(std::string_view authorization) const;

  friend bool operator==(const BearerToken&, const BearerToken&) = default;

 private:
  explicit BearerToken(const Hash128& hash) : hash_(hash) {}

  Hash128 hash_;
};

}  // namespace hark::server
