#pragma once

#include <cstddef>
#include <string_view>

#include "base/string_map.h"

namespace hark::metrics {

// Label values of one kind, bounded: the first `capacity` different ones keep their name, all
// later ones share "other". Not thread-safe.
class LabelCap {
 public:
  static constexpr std::string_view kOther = "other";

  explicit LabelCap(std::size_t capacity) : capacity_(capacity) {}

  // Returns `value` or kOther.
  std::string_view Admit(std::string_view value) {
    if (known_.contains(value)) {
      return value;
    }
    if (known_.size() >= capacity_) {
      return kOther;
    }
    known_.emplace(value);
    return value;
  }

 private:
  const std::size_t capacity_;
  StringSet known_;
};

}  // namespace hark::metrics
