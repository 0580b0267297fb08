#pragma once

#include <string>

#include "detect/section_stream.h"
#include "support/saved_state.h"

namespace hark::testing {

// The bytes that a part of the engine writes, such as a FrozenRule.
template <typename Frozen>
std::string SavedBytes(const Frozen& frozen) {
  SavedState saved;
  saved.BeginSection("part", 1);
  detect::SectionStream stream(saved);
  frozen.Save(stream);
  EXPECT_THAT(stream.End(), IsOk());
  return saved.bytes("part");
}

}  // namespace hark::testing
