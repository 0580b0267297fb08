#include "alert/retention.h"

#include "base/status_macros.h"

namespace hark::alert {
namespace {

constexpr std::int64_t kAlertsAStep = 100;

struct Pages {
  std::int64_t size = 0, all = 0, free = 0;
};

absl::StatusOr<Pages> CountPages(SqliteDatabase& database) {
  Pages pages;
  ASSIGN_OR_RETURN(pages.size, database.QueryInteger("PRAGMA page_size"));
  ASSIGN_OR_RETURN(pages.all, database.QueryInteger("PRAGMA page_count"));
  ASSIGN_OR_RETURN(pages.free, database.QueryInteger("PRAGMA freelist_count"));
  return pages;
}

// The highest sequence number that neither an output nor a restart needs.
absl::StatusOr<std::int64_t> LastRemovable(SqliteDatabase& database) {
  return database.QueryInteger(
      "SELECT MIN(IFNULL((SELECT MIN(sequence) FROM snapshots), 0), "
      "IFNULL((SELECT MIN(sequence) FROM cursors), 9223372036854775807))");
}

// Their revisions go with them (ON DELETE CASCADE).
absl::StatusOr<std::int64_t> RemoveAlerts(SqliteDatabase& database, Micros detected_before) {
  ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::BeginWrite(database));
  ASSIGN_OR_RETURN(const std::int64_t last_removable, LastRemovable(database));
  ASSIGN_OR_RETURN(SqliteStatement statement,
                   database.Prepare("DELETE FROM alerts WHERE opened IN (SELECT opened FROM alerts "
                                    "WHERE state = 2 AND newest <= ?1 AND detected < ?2 "
                                    "ORDER BY newest LIMIT ?3)"));
  statement.BindInteger(1, last_removable);
  statement.BindInteger(2, detected_before);
  statement.BindInteger(3, kAlertsAStep);
  RETURN_IF_ERROR(statement.Run());
  const std::int64_t removed = database.changes();
  RETURN_IF_ERROR(transaction.Commit());
  return removed;
}

}  // namespace

absl::StatusOr<std::uint64_t> UsedBytes(SqliteDatabase& database) {
  ASSIGN_OR_RETURN(const Pages pages, CountPages(database));
  return static_cast<std::uint64_t>((pages.all - pages.free) * pages.size);
}

absl::StatusOr<RetentionResult> RetainStep(SqliteDatabase& database,
                                           const RetentionLimits& limits) {
  RetentionResult result;
  ASSIGN_OR_RETURN(result.used_bytes, UsedBytes(database));
  const bool is_over = result.used_bytes > limits.max_bytes;
  ASSIGN_OR_RETURN(result.removed_alerts,
                   RemoveAlerts(database, is_over ? INT64_MAX : limits.detected_before));
  ASSIGN_OR_RETURN(const Pages pages, CountPages(database));
  const bool has_spare = pages.free > pages.all / 4;
  if (has_spare) {
    RETURN_IF_ERROR(database.Execute("PRAGMA incremental_vacuum(1000)"));
  }
  ASSIGN_OR_RETURN(result.used_bytes, UsedBytes(database));
  result.done = result.removed_alerts == 0 && !has_spare;
  return result;
}

}  // namespace hark::alert
