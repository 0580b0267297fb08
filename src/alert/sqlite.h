#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct sqlite3;
struct sqlite3_stmt;

// The one place that knows SQLite's C interface. What SQLite reports becomes a Status:
//
//   ResourceExhausted   the disk, or the size that the database may have, is full
//   Unavailable         input or output failed; the database is locked by somebody else
//   DataLoss            the file is damaged, or is no database; the message says what to do
//   NotFound            there is no such file (only when it is not to be created)
//   PermissionDenied    it may not be read or written
//   Internal            anything else
namespace hark::alert {

// A prepared statement, bound and stepped through. Not thread-safe; the database must outlive it.
//
//   statement.BindInteger(1, 7);
//   ASSIGN_OR_RETURN(bool has_row, statement.Step());
//
// Parameters count from 1 and columns from 0, as in SQLite. A bound text is copied; it may hold any
// bytes, NUL too. A text of a column is valid until the next Step or Reset.
class SqliteStatement {
 public:
  void BindInteger(int parameter, std::int64_t value);
  void BindText(int parameter, std::string_view value);
  void BindNull(int parameter);

  // True if there is a row. After an error or the last row the statement is reset.
  absl::StatusOr<bool> Step();
  // Steps to the end, and resets.
  absl::Status Run();
  // Forgets the row, so that no read transaction stays open. The bindings stay.
  void Reset();

  std::int64_t Integer(int column) const;
  std::string_view Text(int column) const;
  bool IsNull(int column) const;

 private:
  friend class SqliteDatabase;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit SqliteStatement(sqlite3_stmt* statement) : statement_(statement) {}

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  absl::Status bind_error_;  // reported by the next Step
};

// A connection. Not thread-safe: one thread at a time. Every statement dies before it.
class SqliteDatabase {
 public:
  enum class Mode : std::uint8_t { kReadOnly, kReadWrite, kCreate };

  // Opens the database; kCreate makes it, readable by its owner only, where there is none. A
  // database that may be written is in WAL mode with synchronous=FULL: what a transaction committed
  // survives a loss of power, and readers do not wait for it.
  static absl::StatusOr<SqliteDatabase> Open(const std::string& path, Mode mode);

  // One or several statements without parameters and results.
  absl::Status Execute(const char* sql);
  absl::StatusOr<SqliteStatement> Prepare(std::string_view sql);
  // The single integer that a statement gives.
  absl::StatusOr<std::int64_t> QueryInteger(std::string_view sql);

  // Rows that the last INSERT, UPDATE or DELETE changed.
  std::int64_t changes() const;
  bool in_transaction() const;
  const std::string& path() const { return path_; }

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  SqliteDatabase(std::string path, sqlite3* database)
      : path_(std::move(path)), database_(database) {}

  std::string path_;
  std::unique_ptr<sqlite3, Close> database_;
};

// A transaction; what was not committed at the end of the scope is rolled back. The database must
// outlive it.
class SqliteTransaction {
 public:
  // Takes the write lock at once, so that no later statement of it can fail for want of the lock.
  static absl::StatusOr<SqliteTransaction> BeginWrite(SqliteDatabase& database);
  // Everything read within it is of one moment.
  static absl::StatusOr<SqliteTransaction> BeginRead(SqliteDatabase& database);

  SqliteTransaction(SqliteTransaction&& other) noexcept;
  SqliteTransaction& operator=(SqliteTransaction&&) = delete;
  ~SqliteTransaction();

  // On failure everything is rolled back.
  absl::Status Commit();

 private:
  explicit SqliteTransaction(SqliteDatabase& database) : database_(&database) {}

  SqliteDatabase* database_;  // nullptr once it has ended
};

// Brings the database to version `migrations.size()`, kept in PRAGMA user_version: runs those that
// are missing, each in a transaction of its own. A newer version is FailedPrecondition: an older
// program must not write what it does not know.
absl::Status MigrateSqlite(SqliteDatabase& database, std::span<const char* const> migrations);

// FailedPrecondition unless the database has exactly that version: for readers.
absl::Status CheckSqliteVersion(SqliteDatabase& database, std::size_t version);

}  // namespace hark::alert
