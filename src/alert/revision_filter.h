#pragma once

#include <string>
#include <vector>

#include "hark/alert.h"

#include "alert/revision.h"

namespace hark::alert {

// Which revisions an output is for. Immutable.
struct RevisionFilter {
  Severity min_level = Severity::kInformational;
  std::vector<std::string> rules = {};  // ids or names; empty: all
  // ATT&CK tactics and techniques as rules write them in their tags, with or without "attack.", in
  // any case: one of them suffices. Empty: all.
  std::vector<std::string> tags = {};

  bool Passes(const Revision& revision) const;
};

}  // namespace hark::alert
