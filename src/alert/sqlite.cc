#include "alert/sqlite.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_format.h"

#include "base/check.h"
#include "base/status_macros.h"

namespace hark::alert {
namespace {

// Long enough for a checkpoint of another connection, short enough to be noticed.
constexpr int kBusyTimeoutMs = 10'000;
constexpr mode_t kOwnerOnly = 0600;

absl::StatusCode CodeOf(int extended_code) {
  switch (extended_code) {
    case SQLITE_IOERR_NOMEM:
      return absl::StatusCode::kResourceExhausted;
    case SQLITE_IOERR_DATA:
    case SQLITE_IOERR_CORRUPTFS:
      return absl::StatusCode::kDataLoss;
    default:
      break;
  }
  constexpr int kPrimaryCode = 0xff;
  switch (extended_code & kPrimaryCode) {
    case SQLITE_FULL:
    case SQLITE_NOMEM:
      return absl::StatusCode::kResourceExhausted;
    case SQLITE_IOERR:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_CANTOPEN:
      return absl::StatusCode::kUnavailable;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::StatusCode::kDataLoss;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return absl::StatusCode::kPermissionDenied;
    case SQLITE_TOOBIG:
      return absl::StatusCode::kInvalidArgument;
    default:
      return absl::StatusCode::kInternal;
  }
}

std::string_view FileNameOf(sqlite3* database) {
  const char* const path = sqlite3_db_filename(database, "main");
  return path == nullptr ? "hark.db" : path;
}

absl::Status ErrorOf(sqlite3* database, int code) {
  const absl::StatusCode status = CodeOf(code);
  std::string message = absl::StrFormat("%s: %s", FileNameOf(database), sqlite3_errmsg(database));
  if (status == absl::StatusCode::kDataLoss) {
    absl::StrAppendFormat(&message,
                          "; the database is damaged: stop hark, keep a copy of %s and of the -wal "
                          "file beside it, and restore them from a backup or rescue what is left "
                          "with `sqlite3 %s .dump`",
                          FileNameOf(database), FileNameOf(database));
  }
  return {status, message};
}

// SQLite makes its other files with the permissions of this one, and takes an empty file as a
// database without tables.
absl::Status CreateFile(const std::string& path) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kOwnerOnly);
  if (file < 0) {
    return absl::ErrnoToStatus(errno, absl::StrFormat("cannot create %s", path));
  }
  close(file);
  return absl::OkStatus();
}

}  // namespace

void SqliteStatement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

void SqliteStatement::BindInteger(int parameter, std::int64_t value) {
  const int code = sqlite3_bind_int64(statement_.get(), parameter, value);
  HARK_CHECK(code == SQLITE_OK || code == SQLITE_NOMEM);
}

void SqliteStatement::BindText(int parameter, std::string_view value) {
  // A null pointer would bind NULL.
  const char* const data = value.data() == nullptr ? "" : value.data();
  const int code = sqlite3_bind_text64(statement_.get(), parameter, data, value.size(),
                                       SQLITE_TRANSIENT, SQLITE_UTF8);
  if (code != SQLITE_OK) {
    bind_error_.Update(ErrorOf(sqlite3_db_handle(statement_.get()), code));
  }
}

void SqliteStatement::BindNull(int parameter) {
  const int code = sqlite3_bind_null(statement_.get(), parameter);
  HARK_CHECK(code == SQLITE_OK || code == SQLITE_NOMEM);
}

absl::StatusOr<bool> SqliteStatement::Step() {
  if (!bind_error_.ok()) {
    return std::exchange(bind_error_, absl::OkStatus());
  }
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) {
    return true;
  }
  if (code == SQLITE_DONE) {
    Reset();
    return false;
  }
  sqlite3* const database = sqlite3_db_handle(statement_.get());
  const absl::Status error = ErrorOf(database, sqlite3_extended_errcode(database));
  Reset();
  return error;
}

absl::Status SqliteStatement::Run() {
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, Step());
    if (!has_row) {
      return absl::OkStatus();
    }
  }
}

void SqliteStatement::Reset() {
  sqlite3_reset(statement_.get());  // repeats the error of the last step
}

std::int64_t SqliteStatement::Integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string_view SqliteStatement::Text(int column) const {
  // The order matters: the size is that of the text which the first call makes.
  const void* const text = sqlite3_column_text(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return text == nullptr
             ? std::string_view()
             : std::string_view(static_cast<const char*>(text), static_cast<std::size_t>(size));
}

bool SqliteStatement::IsNull(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

void SqliteDatabase::Close::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}

absl::StatusOr<SqliteDatabase> SqliteDatabase::Open(const std::string& path, Mode mode) {
  if (mode == Mode::kCreate) {
    RETURN_IF_ERROR(CreateFile(path));
  } else if (access(path.c_str(), mode == Mode::kReadOnly ? R_OK : R_OK | W_OK) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrFormat("cannot open %s", path));
  }
  const int flags = mode == Mode::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &opened,
                                   flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  if (opened == nullptr) {
    return absl::ResourceExhaustedError(absl::StrFormat("no memory to open %s", path));
  }
  SqliteDatabase database(path, opened);
  if (code != SQLITE_OK) {
    return ErrorOf(opened, code);
  }
  sqlite3_busy_timeout(opened, kBusyTimeoutMs);
  // The file may come from anywhere: nothing that its schema says is run.
  sqlite3_db_config(opened, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(opened, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  RETURN_IF_ERROR(database.Execute("PRAGMA foreign_keys = ON"));
  if (mode != Mode::kReadOnly) {
    // auto_vacuum has an effect on a database without tables only.
    RETURN_IF_ERROR(
        database.Execute("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;"
                         "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864;"));
  }
  return database;
}

absl::Status SqliteDatabase::Execute(const char* sql) {
  const int code = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus()
                           : ErrorOf(database_.get(), sqlite3_extended_errcode(database_.get()));
}

absl::StatusOr<SqliteStatement> SqliteDatabase::Prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) {
    return ErrorOf(database_.get(), code);
  }
  return SqliteStatement(statement);
}

absl::StatusOr<std::int64_t> SqliteDatabase::QueryInteger(std::string_view sql) {
  ASSIGN_OR_RETURN(SqliteStatement statement, Prepare(sql));
  ASSIGN_OR_RETURN(const bool has_row, statement.Step());
  return has_row ? statement.Integer(0) : 0;
}

std::int64_t SqliteDatabase::changes() const {
  return sqlite3_changes64(database_.get());
}

bool SqliteDatabase::in_transaction() const {
  return sqlite3_get_autocommit(database_.get()) == 0;
}

absl::StatusOr<SqliteTransaction> SqliteTransaction::BeginWrite(SqliteDatabase& database) {
  RETURN_IF_ERROR(database.Execute("BEGIN IMMEDIATE"));
  return SqliteTransaction(database);
}

absl::StatusOr<SqliteTransaction> SqliteTransaction::BeginRead(SqliteDatabase& database) {
  RETURN_IF_ERROR(database.Execute("BEGIN DEFERRED"));
  return SqliteTransaction(database);
}

SqliteTransaction::SqliteTransaction(SqliteTransaction&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

SqliteTransaction::~SqliteTransaction() {
  // A full disk or a failed write has ended the transaction already.
  if (database_ != nullptr && database_->in_transaction()) {
    database_->Execute("ROLLBACK").IgnoreError();
  }
}

absl::Status SqliteTransaction::Commit() {
  RETURN_IF_ERROR(database_->Execute("COMMIT"));
  database_ = nullptr;
  return absl::OkStatus();
}

absl::Status MigrateSqlite(SqliteDatabase& database, std::span<const char* const> migrations) {
  ASSIGN_OR_RETURN(const std::int64_t version, database.QueryInteger("PRAGMA user_version"));
  const auto known = static_cast<std::int64_t>(migrations.size());
  if (version < 0 || version > known) {
    return CheckSqliteVersion(database, migrations.size());
  }
  for (auto next = static_cast<std::size_t>(version); next < migrations.size(); ++next) {
    ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::BeginWrite(database));
    RETURN_IF_ERROR(database.Execute(migrations[next]));
    RETURN_IF_ERROR(
        database.Execute(absl::StrFormat("PRAGMA user_version = %d", next + 1).c_str()));
    RETURN_IF_ERROR(transaction.Commit());
  }
  return absl::OkStatus();
}

absl::Status CheckSqliteVersion(SqliteDatabase& database, std::size_t version) {
  ASSIGN_OR_RETURN(const std::int64_t found, database.QueryInteger("PRAGMA user_version"));
  if (found == static_cast<std::int64_t>(version)) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrFormat(
      "%s: it has version %d, this hark knows version %d: %s", database.path(), found, version,
      found > static_cast<std::int64_t>(version) ? "it was written by a newer hark, use that one"
                                                 : "run the daemon once to bring it up to date"));
}

}  // namespace hark::alert
