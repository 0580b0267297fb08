#pragma once

#include <cstdint>

#include "absl/status/statusor.h"

#include "hark/event.h"

#include "alert/sqlite.h"

namespace hark::alert {

struct RetentionLimits {
  // Alerts whose newest revision was detected before it go. INT64_MIN: none for their age.
  Micros detected_before = INT64_MIN;
  // The bytes that the database may use. Above it the alerts go whose newest revision was stored
  // longest ago.
  std::uint64_t max_bytes = UINT64_MAX;
};

struct RetentionResult {
  std::int64_t removed_alerts = 0;
  // Used after it. More than max_bytes if nothing more may go.
  std::uint64_t used_bytes = 0;
  bool done = false;  // nothing more is to go; else there is more for the next step
};

// One step of removing what is old: at most some 100 alerts, in one short transaction. An alert
// goes with all its revisions, and only if it is closed, every cursor has passed it, and its newest
// revision is older than the oldest snapshot: a restart would make it again. Where there is no
// snapshot nothing goes. Free pages are given back to the file system when they are more than a
// quarter of the file.
absl::StatusOr<RetentionResult> RetainStep(SqliteDatabase& database, const RetentionLimits& limits);

// The bytes of the database that hold something.
absl::StatusOr<std::uint64_t> UsedBytes(SqliteDatabase& database);

}  // namespace hark::alert
