#pragma once

#include <cstddef>
#include <string_view>

namespace hark {

// May a cluster that posts its events have that name? It is a segment of a URL, a label of metrics
// and the name of a source: 1 to 253 letters, digits, dots, hyphens and underscores, the first one
// a letter or digit, so that nothing has to be encoded and "." and ".." are none.
inline bool IsClusterName(std::string_view name) {
  constexpr std::size_t kMaxBytes = 253;
  constexpr std::string_view kAlphanumeric =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  constexpr std::string_view kAll =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
  return !name.empty() && name.size() <= kMaxBytes &&
         kAlphanumeric.find(name.front()) != std::string_view::npos &&
         name.find_first_not_of(kAll) == std::string_view::npos;
}

}  // namespace hark
