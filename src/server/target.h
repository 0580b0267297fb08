#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace hark::server {

// What a request line asks for, taken apart and then decoded: an encoded slash is part of a
// segment and separates none.
//
//   target  = "/" [segment *("/" segment)] ["?" query]
//   query   = pair *("&" pair);  pair = key ["=" value]      "+" is a space in it
struct Target {
  std::vector<std::string> segments;  // of "/": none; of "/a/": "a" and ""
  std::map<std::string, std::string> query;
};

// Fails for what is no such target, for a broken percent sign, and for control characters and
// invalid UTF-8 after decoding.
absl::StatusOr<Target> ParseTarget(std::string_view text);

}  // namespace hark::server
