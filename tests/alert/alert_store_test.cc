#include "alert/alert_store.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "alert/alert_json.h"
#include "support/revision_builder.h"
#include "support/sample_alert.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::alert {
namespace {

using ::hark::testing::IsOk;
using ::hark::testing::MakeClosedRevision;
using ::hark::testing::MakeTestRevision;
using ::hark::testing::SampleAlert;
using ::hark::testing::StatusIs;
using ::hark::testing::TempDir;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class AlertStoreTest : public ::testing::Test {
 protected:
  AlertStoreTest() { Reopen(); }

  void Reopen(const AlertStoreOptions& options = {}) {
    store_.reset();
    absl::StatusOr<AlertStore> store = AlertStore::Open(Path(), options);
    ASSERT_THAT(store, IsOk());
    store_ = *std::move(store);
  }
  absl::Status Commit(const std::vector<Revision>& revisions, std::uint64_t position = 0,
                      std::optional<std::uint64_t> snapshot = std::nullopt) {
    return store_->Commit({.revisions = revisions, .position = position, .snapshot = snapshot});
  }
  AlertReader Reader() {
    absl::StatusOr<AlertReader> reader = store_->OpenReader();
    EXPECT_THAT(reader, IsOk());
    return *std::move(reader);
  }
  std::vector<StoredRevision> Stored(std::int64_t after = 0) {
    absl::StatusOr<std::vector<StoredRevision>> stored = Reader().RevisionsAfter(after, 1000);
    EXPECT_THAT(stored, IsOk());
    return *std::move(stored);
  }
  std::vector<Revision> Revisions() {
    std::vector<Revision> revisions;
    for (StoredRevision& stored : Stored()) {
      revisions.push_back(std::move(stored.revision));
    }
    return revisions;
  }
  std::string Path() const { return folder_.Path("hark.db"); }

  TempDir folder_;
  std::optional<AlertStore> store_;
};

TEST_F(AlertStoreTest, RevisionsComeBackAsTheyWereInTheirOrder) {
  const std::vector<Revision> revisions = {MakeTestRevision(2), MakeTestRevision(1),
                                           MakeClosedRevision(2, 2)};
  ASSERT_THAT(Commit(revisions), IsOk());
  EXPECT_EQ(Revisions(), revisions);
  Reopen();
  EXPECT_EQ(Revisions(), revisions);
}

TEST_F(AlertStoreTest, ARevisionOfAnAlertIsStoredAsReplayPrintsIt) {
  const Revision revision = MakeRevision(SampleAlert(), 17);
  ASSERT_THAT(Commit({revision}), IsOk());
  ASSERT_EQ(Stored().size(), 1U);
  EXPECT_EQ(Stored()[0].revision, revision);
  EXPECT_EQ(Stored()[0].revision.json, ToJson(SampleAlert()));
}

TEST_F(AlertStoreTest, ARevisionThatIsMadeAgainIsPassedOver) {
  const std::vector<Revision> revisions = {MakeTestRevision(1), MakeTestRevision(1, 2)};
  ASSERT_THAT(Commit(revisions), IsOk());
  Revision again = MakeTestRevision(1);
  again.detected += 5;
  again.json = "{}";
  ASSERT_THAT(Commit({again, MakeTestRevision(1, 3)}), IsOk());
  EXPECT_EQ(Revisions(), (std::vector<Revision>{MakeTestRevision(1), MakeTestRevision(1, 2),
                                                MakeTestRevision(1, 3)}));
}

TEST_F(AlertStoreTest, SequenceNumbersHaveNoGapsAndGoOnAfterAReopen) {
  ASSERT_THAT(Commit({MakeTestRevision(1), MakeTestRevision(1)}), IsOk());
  Reopen();
  ASSERT_THAT(Commit({MakeTestRevision(1), MakeTestRevision(2)}), IsOk());
  const std::vector<StoredRevision> stored = Stored();
  ASSERT_EQ(stored.size(), 2U);
  EXPECT_EQ(stored[0].sequence, 1);
  EXPECT_EQ(stored[1].sequence, 2);
  EXPECT_EQ(*Reader().LastSequence(), 2);
  EXPECT_EQ(Stored(1).size(), 1U);
}

TEST_F(AlertStoreTest, ANewStoreHoldsNothing) {
  EXPECT_THAT(Stored(), IsEmpty());
  EXPECT_EQ(*Reader().LastSequence(), 0);
  EXPECT_EQ(*Reader().Position(), 0U);
  EXPECT_THAT(*Reader().Snapshots(), IsEmpty());
  EXPECT_THAT(*Reader().ReadCursors(), IsEmpty());
}

TEST_F(AlertStoreTest, ACommitRecordsThePositionAndTheSnapshot) {
  ASSERT_THAT(Commit({MakeTestRevision(1)}, 10, 1), IsOk());
  ASSERT_THAT(Commit({}, 20), IsOk());
  ASSERT_THAT(Commit({}, 30, 2), IsOk());
  EXPECT_EQ(*Reader().Position(), 30U);
  EXPECT_THAT(*Reader().Snapshots(), ElementsAre(SnapshotMark{1, 10}, SnapshotMark{2, 30}));
  ASSERT_THAT(store_->ForgetSnapshotsBefore(2), IsOk());
  EXPECT_THAT(*Reader().Snapshots(), ElementsAre(SnapshotMark{2, 30}));
}

TEST_F(AlertStoreTest, ASnapshotThatIsTakenAgainAfterACrashReplacesItsMark) {
  ASSERT_THAT(Commit({}, 10, 1), IsOk());
  ASSERT_THAT(Commit({}, 12, 1), IsOk());
  EXPECT_THAT(*Reader().Snapshots(), ElementsAre(SnapshotMark{1, 12}));
}

TEST_F(AlertStoreTest, AFullDiskRollsBackAndTheCommitCanBeMadeAgain) {
  const std::vector<Revision> small = {MakeTestRevision(1)};
  ASSERT_THAT(Commit(small, 1, 1), IsOk());
  Revision large = MakeTestRevision(2);
  large.json = std::string(1 << 20, 'x');
  const std::vector<Revision> batch = {MakeTestRevision(1, 2), large};

  Reopen({.max_file_bytes = 400'000});
  EXPECT_THAT(Commit(batch, 2, 2),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("full")));
  EXPECT_EQ(Revisions(), small);
  EXPECT_EQ(*Reader().Position(), 1U);
  EXPECT_THAT(*Reader().Snapshots(), ElementsAre(SnapshotMark{1, 1}));
  // The connection is fit for what fits.
  EXPECT_THAT(Commit({MakeTestRevision(3)}, 1), IsOk());

  Reopen();
  ASSERT_THAT(Commit(batch, 2, 2), IsOk());
  EXPECT_EQ(Revisions(), (std::vector<Revision>{small[0], MakeTestRevision(3), batch[0], large}));
}

TEST_F(AlertStoreTest, HostileTextsAreStoredAndFoundAsTheyAre) {
  const std::vector<std::string> texts = {"'; DROP TABLE alerts; --",
                                          "\" OR 1=1 --",
                                          std::string("a\0b", 3),
                                          "\xff\xfe\xc3(",
                                          "%_\\",
                                          "\x1b[31m<script>\u202e\n",
                                          std::string(1 << 20, '\xe2')};
  std::vector<Revision> revisions;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    Revision revision = MakeTestRevision(i);
    revision.actor = revision.cluster = revision.rule_name = texts[i];
    revisions.push_back(revision);
  }
  ASSERT_THAT(Commit(revisions), IsOk());
  EXPECT_EQ(Revisions(), revisions);
  for (const Revision& revision : revisions) {
    AlertQuery query;
    query.actor = query.cluster = query.rule = revision.actor;
    absl::StatusOr<AlertPage> page = Reader().Query(query);
    ASSERT_THAT(page, IsOk());
    EXPECT_THAT(page->alerts, ElementsAre(AlertEntry{revision.detected, revision.json}));
  }
}

TEST_F(AlertStoreTest, ADatabaseOfANewerHarkIsRefused) {
  store_.reset();
  {
    absl::StatusOr<SqliteDatabase> database =
        SqliteDatabase::Open(Path(), SqliteDatabase::Mode::kReadWrite);
    ASSERT_THAT(database, IsOk());
    ASSERT_THAT(database->Execute("PRAGMA user_version = 99"), IsOk());
  }
  EXPECT_THAT(AlertStore::Open(Path()),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("newer")));
  EXPECT_THAT(AlertReader::Open(Path()),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("newer")));
}

TEST_F(AlertStoreTest, ADamagedDatabaseIsDataLossAndTheMessageSaysWhatToDo) {
  std::vector<Revision> revisions;
  for (std::uint64_t i = 0; i < 500; ++i) {
    revisions.push_back(MakeTestRevision(i));
  }
  ASSERT_THAT(Commit(revisions), IsOk());
  store_.reset();
  {
    const auto size = static_cast<std::streamoff>(std::filesystem::file_size(Path()));
    std::fstream file(Path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096);
    const std::string damage(static_cast<std::size_t>(size - 4096), '\x5a');
    file.write(damage.data(), static_cast<std::streamsize>(damage.size()));
  }
  EXPECT_THAT(AlertStore::Open(Path()),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("restore them from a backup")));
}

TEST_F(AlertStoreTest, ADatabaseThatWasNotClosedOpensForAReader) {
  ASSERT_THAT(Commit({MakeTestRevision(1)}), IsOk());
  // What a kill leaves: the database and its log, without the shared memory.
  const std::string copy = folder_.Path("copy.db");
  std::filesystem::copy_file(Path(), copy);
  std::filesystem::copy_file(Path() + "-wal", copy + "-wal");
  absl::StatusOr<AlertReader> reader = AlertReader::Open(copy);
  ASSERT_THAT(reader, IsOk());
  EXPECT_EQ(reader->RevisionsAfter(0, 10)->size(), 1U);
}

TEST_F(AlertStoreTest, AnOutputAdvancesAndLeavesItsDeadLettersInOneStep) {
  ASSERT_THAT(store_->Advance("slack", 0), IsOk());
  ASSERT_THAT(store_->Advance("file", 3), IsOk());
  DeadLetter letter = {.output = "slack",
                       .id = "a",
                       .n = 2,
                       .failed = 5,
                       .attempts = 3,
                       .status = 400,
                       .reason = "rejected",
                       .answer = std::string("no\0", 3),
                       .detected = 4,
                       .json = "{}"};
  ASSERT_THAT(store_->Advance("slack", 7, {{letter}}), IsOk());
  EXPECT_THAT(*Reader().ReadCursors(), ElementsAre(std::pair("file", 3), std::pair("slack", 7)));
  EXPECT_EQ(*Reader().Cursor("slack"), 7);
  letter.number = 1;
  EXPECT_THAT(*Reader().DeadLetters("slack", 0, 10), ElementsAre(letter));
  EXPECT_THAT(*Reader().DeadLetters("file", 0, 10), IsEmpty());
  EXPECT_THAT(*Reader().DeadLetters("", 1, 10), IsEmpty());

  EXPECT_EQ(*store_->PurgeDeadLetters("file", 1), 0);
  EXPECT_EQ(*store_->PurgeDeadLetters("slack", 1), 1);
  EXPECT_THAT(*Reader().DeadLetters("", 0, 10), IsEmpty());
  ASSERT_THAT(store_->RemoveOutput("file"), IsOk());
  EXPECT_EQ(*Reader().Cursor("file"), std::nullopt);
}

TEST_F(AlertStoreTest, ASilenceHoldsUntilItsEndOrUntilItIsEnded) {
  Silence silence = {
      .matchers = "[]", .reason = "drill", .author = "eve", .created = 10, .until = 20};
  absl::StatusOr<std::int64_t> number = store_->AddSilence(silence);
  ASSERT_THAT(number, IsOk());
  silence.number = *number;
  EXPECT_THAT(*Reader().Silences(9), IsEmpty());
  EXPECT_THAT(*Reader().Silences(10), ElementsAre(silence));
  EXPECT_THAT(*Reader().Silences(20), IsEmpty());
  ASSERT_THAT(store_->ExpireSilence(*number, 15), IsOk());
  ASSERT_THAT(store_->ExpireSilence(*number, 18), IsOk());  // it has ended already
  EXPECT_THAT(*Reader().Silences(15), IsEmpty());
  silence.until = 15;
  EXPECT_THAT(*Reader().Silences(std::nullopt), ElementsAre(silence));
  EXPECT_THAT(store_->ExpireSilence(77, 15),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("77")));
}

}  // namespace
}  // namespace hark::alert
