#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"

#include "hark/event.h"

#include "alert/sqlite.h"

namespace hark::alert {

struct RetentionLimits {
  // Alerts whose newest revision was detected before it go, and silences that ended before it.
  // INT64_MIN: none for their age.
  Micros detected_before = INT64_MIN;
  // The bytes that the database may use. Above it the alerts go whose newest revision was stored
  // longest ago.
  std::uint64_t max_bytes = UINT64_MAX;
  // Dead letters whose last attempt failed before it go. INT64_MIN: none for their age.
  Micros failed_before = INT64_MIN;
  // The bytes that all dead letters may take. Above it the oldest go of the output that has most.
  std::uint64_t max_letter_bytes = UINT64_MAX;
};

struct RetentionResult {
  std::int64_t removed_alerts = 0;
  bool for_bytes = false;  // they went for max_bytes, not for their age
  std::map<std::string, std::int64_t> removed_letters;  // by output
  // Used after it. More than max_bytes if nothing more may go.
  std::uint64_t used_bytes = 0;
  bool done = false;  // nothing more is to go; else there is more for the next step
};

// One step of removing what is old: at most some 100 alerts, then some 500 dead letters, each in
// one short transaction. An alert goes with all its revisions, and only if it is closed, every
// cursor has passed it, and its newest revision is older than the oldest snapshot: a restart would
// make it again. Where there is no snapshot nothing goes. A dead letter that is to be tried again
// does not go for its age, and for the bytes last. Free pages are given back to the file system
// when they are more than a quarter of the file.
absl::StatusOr<RetentionResult> RetainStep(SqliteDatabase& database, const RetentionLimits& limits);

// The bytes of the database that hold something.
absl::StatusOr<std::uint64_t> UsedBytes(SqliteDatabase& database);

}  // namespace hark::alert
