#include "alert/retention.h"

#include <string_view>

#include "base/status_macros.h"

namespace hark::alert {
namespace {

constexpr std::int64_t kAlertsAStep = 100;
constexpr std::int64_t kLettersAStep = 500;

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

// Each looks at what it removes only, however much stays. Revisions go with their alerts (ON DELETE
// CASCADE).
constexpr std::string_view kRemoveAlertsByAge =
    "DELETE FROM alerts WHERE opened IN ("
    "SELECT opened FROM alerts INDEXED BY alerts_by_age "
    "WHERE state = 2 AND newest <= ?1 AND detected < ?2 ORDER BY detected LIMIT ?3)";
constexpr std::string_view kRemoveAlertsByPlace =
    "DELETE FROM alerts WHERE opened IN ("
    "SELECT opened FROM alerts INDEXED BY alerts_removable "
    "WHERE state = 2 AND newest <= ?1 ORDER BY newest LIMIT ?2)";
constexpr std::string_view kRemoveLettersByAge =
    "DELETE FROM dead_letters WHERE number IN ("
    "SELECT number FROM dead_letters INDEXED BY dead_letters_by_age "
    "WHERE replay = 0 AND failed < ?1 ORDER BY failed LIMIT ?2) RETURNING output";
constexpr std::string_view kRemoveLettersOfOutput =
    "DELETE FROM dead_letters WHERE number IN ("
    "SELECT number FROM (SELECT number, SUM(bytes) OVER (ORDER BY replay, number) - bytes AS "
    "bytes_before FROM (SELECT number, replay, bytes FROM dead_letters INDEXED BY "
    "dead_letters_by_output WHERE output = ?1 ORDER BY replay, number LIMIT ?3)) "
    "WHERE bytes_before < ?2)";

absl::StatusOr<std::int64_t> RemoveAlerts(SqliteDatabase& database, const RetentionLimits& limits,
                                          bool for_bytes) {
  if (!for_bytes && limits.detected_before == INT64_MIN) {
    return 0;
  }
  ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::BeginWrite(database));
  ASSIGN_OR_RETURN(const std::int64_t last_removable, LastRemovable(database));
  ASSIGN_OR_RETURN(SqliteStatement statement,
                   database.Prepare(for_bytes ? kRemoveAlertsByPlace : kRemoveAlertsByAge));
  statement.BindInteger(1, last_removable);
  if (!for_bytes) {
    statement.BindInteger(2, limits.detected_before);
  }
  statement.BindInteger(for_bytes ? 2 : 3, kAlertsAStep);
  RETURN_IF_ERROR(statement.Run());
  const std::int64_t removed = database.changes();
  RETURN_IF_ERROR(transaction.Commit());
  return removed;
}

absl::Status RemoveSilences(SqliteDatabase& database, Micros ended_before) {
  ASSIGN_OR_RETURN(SqliteStatement statement,
                   database.Prepare("DELETE FROM silences WHERE until < ?"));
  statement.BindInteger(1, ended_before);
  return statement.Run();
}

absl::Status RemoveOldLetters(SqliteDatabase& database, Micros failed_before,
                              RetentionResult& result) {
  ASSIGN_OR_RETURN(SqliteStatement statement, database.Prepare(kRemoveLettersByAge));
  statement.BindInteger(1, failed_before);
  statement.BindInteger(2, kLettersAStep);
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) {
      return absl::OkStatus();
    }
    ++result.removed_letters[std::string(statement.Text(0))];
  }
}

// Of the output with the most bytes: one that fails does not push out what another one lost.
absl::Status RemoveLettersOverLimit(SqliteDatabase& database, std::uint64_t max_bytes,
                                    RetentionResult& result) {
  ASSIGN_OR_RETURN(SqliteStatement sums,
                   database.Prepare("SELECT output, SUM(bytes) FROM dead_letters INDEXED BY "
                                    "dead_letters_by_output GROUP BY output"));
  std::string output;
  std::uint64_t most = 0, all = 0;
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, sums.Step());
    if (!has_row) {
      break;
    }
    const auto bytes = static_cast<std::uint64_t>(sums.Integer(1));
    all += bytes;
    if (bytes > most) {
      most = bytes;
      output = sums.Text(0);
    }
  }
  if (all <= max_bytes) {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(SqliteStatement statement, database.Prepare(kRemoveLettersOfOutput));
  statement.BindText(1, output);
  statement.BindInteger(2, static_cast<std::int64_t>(all - max_bytes));
  statement.BindInteger(3, kLettersAStep);
  RETURN_IF_ERROR(statement.Run());
  result.removed_letters[output] += database.changes();
  return absl::OkStatus();
}

absl::Status RemoveLetters(SqliteDatabase& database, const RetentionLimits& limits,
                           RetentionResult& result) {
  ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::BeginWrite(database));
  RetentionResult removed;
  if (limits.detected_before != INT64_MIN) {
    RETURN_IF_ERROR(RemoveSilences(database, limits.detected_before));
  }
  if (limits.failed_before != INT64_MIN) {
    RETURN_IF_ERROR(RemoveOldLetters(database, limits.failed_before, removed));
  }
  if (limits.max_letter_bytes != UINT64_MAX) {
    RETURN_IF_ERROR(RemoveLettersOverLimit(database, limits.max_letter_bytes, removed));
  }
  RETURN_IF_ERROR(transaction.Commit());
  result.removed_letters = std::move(removed.removed_letters);
  return absl::OkStatus();
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
  result.for_bytes = result.used_bytes > limits.max_bytes;
  ASSIGN_OR_RETURN(result.removed_alerts, RemoveAlerts(database, limits, result.for_bytes));
  RETURN_IF_ERROR(RemoveLetters(database, limits, result));
  ASSIGN_OR_RETURN(const Pages pages, CountPages(database));
  const bool has_spare = pages.free > pages.all / 4;
  if (has_spare) {
    RETURN_IF_ERROR(database.Execute("PRAGMA incremental_vacuum(1000)"));
  }
  ASSIGN_OR_RETURN(result.used_bytes, UsedBytes(database));
  result.done = result.removed_alerts == 0 && result.removed_letters.empty() && !has_spare;
  return result;
}

}  // namespace hark::alert
