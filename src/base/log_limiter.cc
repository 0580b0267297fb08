#include "base/log_limiter.h"

#include <algorithm>

namespace hark {

LogLimiter::Decision LogLimiter::Admit(std::string_view kind, absl::Time now) {
  if (interval_ <= absl::ZeroDuration()) {
    return {.write = true};
  }
  auto found = kinds_.find(kind);
  if (found == kinds_.end() && kinds_.size() >= kMaxKinds) {
    kind = {};
    found = kinds_.find(kind);
  }
  if (found == kinds_.end()) {
    kinds_.emplace(kind, Kind{.written = now});
    return {.write = true};
  }
  Kind& known = found->second;
  if (!IsOver(known, now)) {
    ++known.suppressed;
    return {};
  }
  const Decision decision = {.write = true, .suppressed = known.suppressed};
  known = {.written = now};
  return decision;
}

std::vector<LogLimiter::Held> LogLimiter::Take(absl::Time now) {
  std::vector<Held> held;
  for (const auto& [name, kind] : kinds_) {
    if (IsOver(kind, now) && kind.suppressed > 0) {
      held.push_back({.kind = name, .suppressed = kind.suppressed});
    }
  }
  absl::erase_if(kinds_, [&](const auto& entry) { return IsOver(entry.second, now); });
  std::sort(held.begin(), held.end(), [](const Held& a, const Held& b) { return a.kind < b.kind; });
  return held;
}

bool LogLimiter::IsOver(const Kind& kind, absl::Time now) const {
  return now < kind.written || now - kind.written >= interval_;
}

}  // namespace hark
