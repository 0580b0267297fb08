#include "base/spelling.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"

namespace hark {
namespace {

// A longer text is a mistake of another kind, and the distance costs the product of the lengths.
constexpr std::size_t kMaxLength = 100;

std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

// How many letters may be wrong in a text of that length for it to be a misspelling.
std::size_t MaxDistance(std::size_t length) {
  if (length < 4) {
    return length / 2;
  }
  return std::max<std::size_t>(2, length / 3);
}

}  // namespace

std::string LowerAscii(std::string_view text) {
  std::string lower(text);
  absl::AsciiStrToLower(&lower);
  return lower;
}

std::string_view Nearest(std::string_view text, std::span<const std::string_view> candidates) {
  if (text.empty() || text.size() > kMaxLength) {
    return {};
  }
  const std::string lower = LowerAscii(text);
  std::string_view best;
  std::size_t best_distance = MaxDistance(text.size()) + 1;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > kMaxLength) {
      continue;
    }
    const std::size_t distance = EditDistance(lower, LowerAscii(candidate));
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string DidYouMean(std::string_view text, std::span<const std::string_view> candidates) {
  const std::string_view nearest = Nearest(text, candidates);
  return nearest.empty() ? "" : absl::StrFormat("; did you mean '%s'?", nearest);
}

}  // namespace hark
