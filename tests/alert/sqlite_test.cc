#include "alert/sqlite.h"

#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::alert {
namespace {

using ::hark::testing::IsOk;
using ::hark::testing::StatusIs;
using ::hark::testing::TempDir;
using ::testing::_;
using ::testing::AllOf;
using ::testing::HasSubstr;
using Mode = SqliteDatabase::Mode;

class SqliteTest : public ::testing::Test {
 protected:
  SqliteDatabase Open(Mode mode = Mode::kCreate) const {
    absl::StatusOr<SqliteDatabase> database = SqliteDatabase::Open(Path(), mode);
    EXPECT_THAT(database, IsOk());
    return *std::move(database);
  }
  std::string Path() const { return folder_.Path("test.db"); }

  TempDir folder_;
};

TEST_F(SqliteTest, ADatabaseThatMayBeWrittenIsSafeAgainstALossOfPower) {
  SqliteDatabase database = Open();
  absl::StatusOr<SqliteStatement> mode = database.Prepare("PRAGMA journal_mode");
  ASSERT_THAT(mode, IsOk());
  ASSERT_THAT(mode->Step(), IsOk());
  EXPECT_EQ(mode->Text(0), "wal");
  EXPECT_EQ(*database.QueryInteger("PRAGMA synchronous"), 2);  // FULL
  EXPECT_EQ(*database.QueryInteger("PRAGMA foreign_keys"), 1);
}

TEST_F(SqliteTest, OnlyTheOwnerMayReadANewDatabase) {
  SqliteDatabase database = Open();
  ASSERT_THAT(database.Execute("CREATE TABLE t(a)"), IsOk());
  for (const char* const suffix : {"", "-wal", "-shm"}) {
    struct stat status {};
    ASSERT_EQ(stat((Path() + suffix).c_str(), &status), 0) << suffix;
    EXPECT_EQ(status.st_mode & 0777, 0600U) << suffix;
  }
}

TEST_F(SqliteTest, ATextComesBackWhateverBytesItHolds) {
  SqliteDatabase database = Open();
  ASSERT_THAT(database.Execute("CREATE TABLE t(a TEXT)"), IsOk());
  const std::string text("'; DROP TABLE t; --\0\xff\xc3(", 23);
  for (const std::string& value : {text, std::string(), std::string(1 << 20, 'x')}) {
    absl::StatusOr<SqliteStatement> insert =
        database.Prepare("INSERT INTO t VALUES(?) RETURNING a");
    ASSERT_THAT(insert, IsOk());
    insert->BindText(1, value);
    ASSERT_THAT(insert->Step(), IsOk());
    EXPECT_EQ(insert->Text(0), value);
    EXPECT_FALSE(insert->IsNull(0));
  }
}

TEST_F(SqliteTest, ATransactionThatIsNotCommittedLeavesNothing) {
  SqliteDatabase database = Open();
  ASSERT_THAT(database.Execute("CREATE TABLE t(a)"), IsOk());
  {
    absl::StatusOr<SqliteTransaction> transaction = SqliteTransaction::BeginWrite(database);
    ASSERT_THAT(transaction, IsOk());
    ASSERT_THAT(database.Execute("INSERT INTO t VALUES(1)"), IsOk());
  }
  EXPECT_FALSE(database.in_transaction());
  EXPECT_EQ(*database.QueryInteger("SELECT COUNT(*) FROM t"), 0);
}

TEST_F(SqliteTest, AnErrorRepeatsWhatSqliteSays) {
  SqliteDatabase database = Open();
  EXPECT_THAT(database.Execute("SELECT 1 FROM missing"),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("no such table: missing")));
  EXPECT_THAT(database.Prepare("SELEKT"), StatusIs(absl::StatusCode::kInternal, _));
}

TEST_F(SqliteTest, AFileThatIsMissingIsNotMadeForAReader) {
  EXPECT_THAT(SqliteDatabase::Open(Path(), Mode::kReadOnly),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr(Path())));
  EXPECT_FALSE(std::filesystem::exists(Path()));
}

TEST_F(SqliteTest, AReaderCannotWrite) {
  { ASSERT_THAT(Open().Execute("CREATE TABLE t(a)"), IsOk()); }
  EXPECT_THAT(Open(Mode::kReadOnly).Execute("INSERT INTO t VALUES(1)"),
              StatusIs(absl::StatusCode::kPermissionDenied, _));
}

TEST_F(SqliteTest, AFileThatIsNoDatabaseIsDataLossAndTheMessageSaysWhatToDo) {
  folder_.Write("test.db", std::string(8192, 'x'));
  EXPECT_THAT(SqliteDatabase::Open(Path(), Mode::kReadWrite),
              StatusIs(absl::StatusCode::kDataLoss,
                       AllOf(HasSubstr(Path()), HasSubstr("backup"), HasSubstr(".dump"))));
}

TEST_F(SqliteTest, ATableWithDamagedPagesIsDataLoss) {
  {
    SqliteDatabase database = Open();
    ASSERT_THAT(database.Execute("CREATE TABLE t(a); INSERT INTO t VALUES(zeroblob(100000))"),
                IsOk());
  }
  {
    std::fstream file(Path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096);  // behind the page with the schema
    const std::string damage(12'288, '\x5a');
    file.write(damage.data(), static_cast<std::streamsize>(damage.size()));
  }
  EXPECT_THAT(Open(Mode::kReadOnly).QueryInteger("SELECT COUNT(*) FROM t"),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("damaged")));
}

constexpr std::array<const char*, 2> kMigrations = {"CREATE TABLE t(a)",
                                                    "ALTER TABLE t ADD COLUMN b"};

TEST_F(SqliteTest, MigrationsRunOnce) {
  SqliteDatabase database = Open();
  ASSERT_THAT(MigrateSqlite(database, std::span(kMigrations).first(1)), IsOk());
  ASSERT_THAT(MigrateSqlite(database, kMigrations), IsOk());
  ASSERT_THAT(MigrateSqlite(database, kMigrations), IsOk());
  EXPECT_THAT(CheckSqliteVersion(database, 2), IsOk());
  EXPECT_THAT(database.Execute("INSERT INTO t(a, b) VALUES(1, 2)"), IsOk());
}

TEST_F(SqliteTest, AMigrationThatFailsLeavesTheVersionBeforeIt) {
  constexpr std::array<const char*, 2> kBroken = {"CREATE TABLE t(a)",
                                                  "CREATE TABLE u(a); CREATE TABLE t(a)"};
  SqliteDatabase database = Open();
  EXPECT_THAT(MigrateSqlite(database, kBroken), StatusIs(absl::StatusCode::kInternal, _));
  EXPECT_THAT(CheckSqliteVersion(database, 1), IsOk());
  EXPECT_EQ(*database.QueryInteger("SELECT COUNT(*) FROM sqlite_schema WHERE name = 'u'"), 0);
}

TEST_F(SqliteTest, ANewerVersionIsRefused) {
  SqliteDatabase database = Open();
  ASSERT_THAT(MigrateSqlite(database, kMigrations), IsOk());
  EXPECT_THAT(MigrateSqlite(database, std::span(kMigrations).first(1)),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("newer")));
}

TEST_F(SqliteTest, AnOlderVersionIsRefusedToAReader) {
  SqliteDatabase database = Open();
  EXPECT_THAT(CheckSqliteVersion(database, 1),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("daemon")));
}

}  // namespace
}  // namespace hark::alert
