#include "alert/alert_store.h"

#include <memory>
#include <utility>

#include "absl/strings/str_format.h"

#include "alert/alert_schema.h"
#include "base/status_macros.h"

namespace hark::alert {
namespace {

// The columns that a revision gives an alert are bound the same way by INSERT and UPDATE.
constexpr std::string_view kFindAlert = "SELECT opened, n FROM alerts WHERE id = ?";
constexpr std::string_view kAddAlert =
    "INSERT INTO alerts(opened, id, newest, n, level, state, first, last, closed, detected, "
    "rule_id, rule_name, actor, cluster) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
    "?13, ?14)";
constexpr std::string_view kChangeAlert =
    "UPDATE alerts SET newest = ?3, n = ?4, level = ?5, state = ?6, first = ?7, last = ?8, "
    "closed = ?9, detected = ?10 WHERE opened = ?1 AND id = ?2";
// What is here is left out before it gets a number: INSERT OR IGNORE would use one up.
constexpr std::string_view kAddRevision =
    "INSERT INTO revisions(sequence, alert, n, level, state, first, last, closed, detected, json) "
    "SELECT ?3, ?1, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?2 "
    "WHERE NOT EXISTS(SELECT 1 FROM revisions WHERE alert = ?1 AND n = ?4)";
constexpr std::string_view kSetPosition = "UPDATE position SET position = MAX(position, ?)";
constexpr std::string_view kAddSnapshot = "INSERT OR REPLACE INTO snapshots VALUES(?, ?, ?)";

// Parameters 1 to 10 of the three statements above; `text` is the id, or the JSON.
void BindRevision(SqliteStatement& statement, std::int64_t opened, std::string_view text,
                  std::int64_t sequence, const Revision& revision) {
  statement.BindInteger(1, opened);
  statement.BindText(2, text);
  statement.BindInteger(3, sequence);
  statement.BindInteger(4, revision.n);
  statement.BindInteger(5, static_cast<std::int64_t>(revision.level));
  statement.BindInteger(6, static_cast<std::int64_t>(revision.state));
  statement.BindInteger(7, revision.first);
  statement.BindInteger(8, revision.last);
  if (revision.state == AlertState::kClosed) {
    statement.BindInteger(9, revision.closed);
  } else {
    statement.BindNull(9);
  }
  statement.BindInteger(10, revision.detected);
}

}  // namespace

absl::StatusOr<AlertStore> AlertStore::Open(const std::string& path,
                                            const AlertStoreOptions& options) {
  ASSIGN_OR_RETURN(SqliteDatabase database,
                   SqliteDatabase::Open(path, SqliteDatabase::Mode::kCreate));
  if (options.max_file_bytes > 0) {
    ASSIGN_OR_RETURN(const std::int64_t page_size, database.QueryInteger("PRAGMA page_size"));
    const std::uint64_t pages = options.max_file_bytes / static_cast<std::uint64_t>(page_size);
    RETURN_IF_ERROR(database.Execute(absl::StrFormat("PRAGMA max_page_count = %d", pages).c_str()));
  }
  RETURN_IF_ERROR(MigrateSqlite(database, AlertSchema()));
  ASSIGN_OR_RETURN(
      const std::int64_t last_sequence,
      database.QueryInteger("SELECT seq FROM sqlite_sequence WHERE name = 'revisions'"));
  ASSIGN_OR_RETURN(Statements statements, PrepareAll(database));
  return AlertStore(
      path, std::make_unique<Writer>(std::move(database), std::move(statements), last_sequence));
}

absl::StatusOr<AlertStore::Statements> AlertStore::PrepareAll(SqliteDatabase& database) {
  ASSIGN_OR_RETURN(SqliteStatement find_alert, database.Prepare(kFindAlert));
  ASSIGN_OR_RETURN(SqliteStatement add_alert, database.Prepare(kAddAlert));
  ASSIGN_OR_RETURN(SqliteStatement change_alert, database.Prepare(kChangeAlert));
  ASSIGN_OR_RETURN(SqliteStatement add_revision, database.Prepare(kAddRevision));
  ASSIGN_OR_RETURN(SqliteStatement set_position, database.Prepare(kSetPosition));
  ASSIGN_OR_RETURN(SqliteStatement add_snapshot, database.Prepare(kAddSnapshot));
  return Statements{.find_alert = std::move(find_alert),
                    .add_alert = std::move(add_alert),
                    .change_alert = std::move(change_alert),
                    .add_revision = std::move(add_revision),
                    .set_position = std::move(set_position),
                    .add_snapshot = std::move(add_snapshot)};
}

absl::StatusOr<bool> AlertStore::Add(Writer& writer, const Revision& revision,
                                     std::int64_t sequence) {
  Statements& statements = writer.statements;
  statements.find_alert.BindText(1, revision.id);
  ASSIGN_OR_RETURN(const bool is_known, statements.find_alert.Step());
  const std::int64_t opened = is_known ? statements.find_alert.Integer(0) : sequence;
  const std::int64_t newest_n = is_known ? statements.find_alert.Integer(1) : 0;
  statements.find_alert.Reset();
  if (!is_known) {
    SqliteStatement& add = statements.add_alert;
    BindRevision(add, opened, revision.id, sequence, revision);
    add.BindText(11, revision.rule_id);
    add.BindText(12, revision.rule_name);
    add.BindText(13, revision.actor);
    add.BindText(14, revision.cluster);
    RETURN_IF_ERROR(add.Run());
  } else if (revision.n > newest_n) {
    BindRevision(statements.change_alert, opened, revision.id, sequence, revision);
    RETURN_IF_ERROR(statements.change_alert.Run());
  }
  BindRevision(statements.add_revision, opened, revision.json, sequence, revision);
  RETURN_IF_ERROR(statements.add_revision.Run());
  return writer.database.changes() > 0;
}

absl::Status AlertStore::Commit(const Batch& batch) {
  Writer& writer = *writer_;
  const MutexLock lock(writer.mutex);
  ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::BeginWrite(writer.database));
  std::int64_t last_sequence = writer.last_sequence;
  for (const Revision& revision : batch.revisions) {
    ASSIGN_OR_RETURN(const bool is_new, Add(writer, revision, last_sequence + 1));
    last_sequence += is_new ? 1 : 0;
  }
  const auto position = static_cast<std::int64_t>(batch.position);
  writer.statements.set_position.BindInteger(1, position);
  RETURN_IF_ERROR(writer.statements.set_position.Run());
  if (batch.snapshot.has_value()) {
    SqliteStatement& add = writer.statements.add_snapshot;
    add.BindInteger(1, static_cast<std::int64_t>(*batch.snapshot));
    add.BindInteger(2, position);
    add.BindInteger(3, last_sequence);
    RETURN_IF_ERROR(add.Run());
  }
  RETURN_IF_ERROR(transaction.Commit());
  writer.last_sequence = last_sequence;
  return absl::OkStatus();
}

absl::Status AlertStore::ForgetSnapshotsBefore(std::uint64_t number) {
  const MutexLock lock(writer_->mutex);
  ASSIGN_OR_RETURN(SqliteStatement statement,
                   writer_->database.Prepare("DELETE FROM snapshots WHERE number < ?"));
  statement.BindInteger(1, static_cast<std::int64_t>(number));
  return statement.Run();
}

absl::Status AlertStore::Advance(std::string_view output, std::int64_t sequence,
                                 std::span<const DeadLetter> dead_letters) {
  const MutexLock lock(writer_->mutex);
  SqliteDatabase& database = writer_->database;
  ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::BeginWrite(database));
  for (const DeadLetter& letter : dead_letters) {
    RETURN_IF_ERROR(outbox::AddDeadLetter(database, letter));
  }
  RETURN_IF_ERROR(outbox::WriteCursor(database, output, sequence));
  return transaction.Commit();
}

absl::Status AlertStore::RemoveOutput(std::string_view output) {
  const MutexLock lock(writer_->mutex);
  return outbox::RemoveCursor(writer_->database, output);
}

absl::StatusOr<std::int64_t> AlertStore::PurgeDeadLetters(std::string_view output,
                                                          std::int64_t up_to) {
  const MutexLock lock(writer_->mutex);
  return outbox::PurgeDeadLetters(writer_->database, output, up_to);
}

absl::StatusOr<std::int64_t> AlertStore::ReplayDeadLetters(std::string_view output,
                                                           std::int64_t number) {
  const MutexLock lock(writer_->mutex);
  return outbox::ReplayDeadLetters(writer_->database, output, number);
}

absl::Status AlertStore::RemoveDeadLetter(std::int64_t number) {
  const MutexLock lock(writer_->mutex);
  return outbox::RemoveDeadLetter(writer_->database, number);
}

absl::Status AlertStore::ReturnDeadLetter(const DeadLetter& letter) {
  const MutexLock lock(writer_->mutex);
  return outbox::ReturnDeadLetter(writer_->database, letter);
}

absl::StatusOr<std::int64_t> AlertStore::AddSilence(const Silence& silence) {
  const MutexLock lock(writer_->mutex);
  return outbox::AddSilence(writer_->database, silence);
}

absl::Status AlertStore::ExpireSilence(std::int64_t number, Micros moment) {
  const MutexLock lock(writer_->mutex);
  return outbox::ExpireSilence(writer_->database, number, moment);
}

absl::StatusOr<RetentionResult> AlertStore::Retain(const RetentionLimits& limits) {
  const MutexLock lock(writer_->mutex);
  return RetainStep(writer_->database, limits);
}

}  // namespace hark::alert
