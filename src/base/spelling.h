#pragma once

#include <span>
#include <string>
#include <string_view>

namespace hark {

// ASCII letters in lower case; all other bytes, those of UTF-8 included, as they are.
std::string LowerAscii(std::string_view text);

// The candidate that `text` is most likely a misspelling of, or "" if none is near: by edit
// distance, at most a third of the letters wrong, or two of a short word; of equals the first.
std::string_view Nearest(std::string_view text, std::span<const std::string_view> candidates);

// "; did you mean 'secrets'?", or "" if no candidate is near: the end of an error message.
std::string DidYouMean(std::string_view text, std::span<const std::string_view> candidates);

}  // namespace hark
