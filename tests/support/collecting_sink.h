#pragma once

#include <string>
#include <vector>

#include "hark/alert.h"

#include "alert/alert_json.h"

namespace hark::testing {

// Keeps a copy of each revision. The rules of the engine must outlive what is read from it.
class CollectingSink final : public RevisionSink {
 public:
  void OnRevision(const Alert& alert) override { revisions.push_back(alert); }

  std::vector<Alert> revisions;
};

// The canonical JSON of each revision.
inline std::vector<std::string> ToLines(const std::vector<Alert>& revisions) {
  std::vector<std::string> lines;
  lines.reserve(revisions.size());
  for (const Alert& alert : revisions) {
    lines.push_back(alert::ToJson(alert));
  }
  return lines;
}

}  // namespace hark::testing
