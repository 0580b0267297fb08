#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "alert/alert_page.h"
#include "alert/alert_query.h"

namespace hark::cli {

// Where a command finds stored alerts. Not thread-safe.
class AlertSource {
 public:
  virtual ~AlertSource() = default;

  // As AlertReader's of these names.
  virtual absl::StatusOr<alert::AlertPage> Query(const alert::AlertQuery& query) = 0;
  virtual absl::StatusOr<alert::AlertPage> RevisionsOf(const std::string& id) = 0;
};

// The alerts of a data_dir: of the daemon that holds it, over data_dir/hark.sock; where there is
// none, of its database, and no daemon can start until the source is destroyed.
absl::StatusOr<std::unique_ptr<AlertSource>> OpenAlertSource(const std::string& data_dir);

}  // namespace hark::cli
