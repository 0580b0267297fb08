#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "hark/alert.h"

namespace hark::alert {

enum class StateFilter : std::uint8_t { kAny, kOpen, kOpened, kEscalated, kClosed };

// Which alerts somebody wants to see. An alert is judged by its newest revision; all that is asked
// for must hold.
struct AlertQuery {
  static constexpr std::size_t kDefaultLimit = 50;
  static constexpr std::size_t kMaxLimit = 1000;

  std::optional<std::string> rule = {};  // its id or its name
  Severity min_level = Severity::kInformational;
  std::optional<std::string> actor = {};  // "" finds requests without credentials
  std::optional<std::string> cluster = {};
  std::optional<Micros> from = {};        // last seen at or after it
  std::optional<Micros> to = {};          // first seen before it
  StateFilter state = StateFilter::kAny;  // kOpen: not closed
  std::string id_prefix = {};             // lower-case hex digits

  std::string cursor = {};            // `next` of the page before; empty: the first page
  std::size_t limit = kDefaultLimit;  // 1 to kMaxLimit
  bool count = false;                 // count all that match, on whatever page

  friend bool operator==(const AlertQuery&, const AlertQuery&) = default;
};

// A query as the parameters of an HTTP request and as the options of `hark alerts`: rule, level,
// actor, cluster, from, to, state, id, cursor, limit, count. Times are RFC 3339, or "-2h": before
// `now`. InvalidArgument names the parameter, what is wrong and what was expected; a parameter that
// is unknown or given twice is an error too.
using Parameters = std::vector<std::pair<std::string, std::string>>;
absl::StatusOr<AlertQuery> ParseAlertQuery(const Parameters& parameters, Micros now);

// Its inverse, with absolute times and without what has its default: "level=high&actor=bob%20b".
std::string ToQueryString(const AlertQuery& query);

}  // namespace hark::alert
