#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "hark/detector.h"

#include "base/hash128.h"
#include "detect/episode.h"
#include "detect/section_stream.h"
#include "detect/window.h"
#include "rules/rule_set.h"

namespace hark::detect {

// What a rule remembers of one group.
struct GroupState {
  explicit GroupState(const rules::AlertRule& rule);

  Window window;
  Micros last_seen = kBeginningOfTime;
  std::optional<Hash128> episode = {};  // the open one
};

// An open alert of a rule, and the group that it is of, which may be gone.
struct OpenEpisode {
  Episode episode;
  Hash128 group{};
};

// All that one rule remembers, at one moment. Valid while that moment is frozen.
class FrozenRule {
 public:
  void Save(SectionStream& stream) const;

 private:
  friend class RuleState;
  std::uint64_t evictions_ = 0;
  Micros last_loss_ = kBeginningOfTime;
  std::vector<std::pair<Hash128, const GroupState*>> groups_;     // in any order
  std::vector<std::pair<Hash128, const OpenEpisode*>> episodes_;  // in any order
};

}  // namespace hark::detect
