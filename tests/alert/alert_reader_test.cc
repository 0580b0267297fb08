#include "alert/alert_reader.h"

#include <atomic>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "alert/alert_store.h"
#include "support/revision_builder.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::alert {
namespace {

using ::hark::testing::AlertId;
using ::hark::testing::IsOk;
using ::hark::testing::kRevisionStart;
using ::hark::testing::kRevisionStep;
using ::hark::testing::MakeClosedRevision;
using ::hark::testing::MakeTestRevision;
using ::hark::testing::StatusIs;
using ::hark::testing::TempDir;
using ::testing::_;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class AlertReaderTest : public ::testing::Test {
 protected:
  AlertReaderTest() : store_(*AlertStore::Open(Path())), reader_(*store_.OpenReader()) {}

  void Commit(const std::vector<Revision>& revisions) {
    ASSERT_THAT(store_.Commit({.revisions = revisions}), IsOk());
  }
  AlertPage Query(const AlertQuery& query) {
    absl::StatusOr<AlertPage> page = reader_.Query(query);
    EXPECT_THAT(page, IsOk());
    return *std::move(page);
  }
  std::vector<std::string> Found(const AlertQuery& query) {
    std::vector<std::string> alerts;
    for (AlertEntry& entry : Query(query).alerts) {
      alerts.push_back(std::move(entry.json));
    }
    return alerts;
  }
  std::string Path() const { return folder_.Path("hark.db"); }

  TempDir folder_;
  AlertStore store_;
  AlertReader reader_;
};

std::string JsonOf(std::uint64_t number, std::uint32_t n = 1) {
  return MakeTestRevision(number, n).json;
}

TEST_F(AlertReaderTest, AnAlertIsShownOnceByItsNewestRevisionAndTheNewestAlertIsFirst) {
  Commit({MakeTestRevision(1), MakeTestRevision(2), MakeTestRevision(1, 2)});
  EXPECT_THAT(Query({}).alerts,
              ElementsAre(AlertEntry{MakeTestRevision(2).detected, JsonOf(2)},
                          AlertEntry{MakeTestRevision(1, 2).detected, JsonOf(1, 2)}));
  EXPECT_EQ(Query({}).next, "");
}

TEST_F(AlertReaderTest, ARuleIsFoundByItsIdAndByItsName) {
  Revision other = MakeTestRevision(2);
  other.rule_id = "other-id";
  other.rule_name = "";
  Commit({MakeTestRevision(1), other});
  EXPECT_THAT(Found({.rule = "secret_read_burst"}), ElementsAre(JsonOf(1)));
  EXPECT_THAT(Found({.rule = MakeTestRevision(1).rule_id}), ElementsAre(JsonOf(1)));
  EXPECT_THAT(Found({.rule = "other-id"}), ElementsAre(JsonOf(2)));
  EXPECT_THAT(Found({.rule = "secret_read"}), IsEmpty());
}

TEST_F(AlertReaderTest, TheLevelIsTheLeastThatIsShown) {
  Revision low = MakeTestRevision(1);
  low.level = Severity::kLow;
  Commit({low, MakeTestRevision(2)});
  EXPECT_THAT(Found({.min_level = Severity::kLow}), ElementsAre(JsonOf(2), JsonOf(1)));
  EXPECT_THAT(Found({.min_level = Severity::kMedium}), ElementsAre(JsonOf(2)));
  EXPECT_THAT(Found({.min_level = Severity::kCritical}), IsEmpty());
}

TEST_F(AlertReaderTest, AnAlertIsJudgedByItsNewestRevision) {
  Revision raised = MakeTestRevision(1, 2, AlertState::kEscalated);
  raised.level = Severity::kCritical;
  Commit({MakeTestRevision(1), raised});
  EXPECT_THAT(Found({.min_level = Severity::kCritical}), ElementsAre(JsonOf(1, 2)));
  EXPECT_THAT(Found({.state = StateFilter::kOpened}), IsEmpty());
}

TEST_F(AlertReaderTest, ActorAndClusterAreWholeAndMayBeEmpty) {
  Revision unauthenticated = MakeTestRevision(2);
  unauthenticated.actor = "";
  unauthenticated.cluster = "lab";
  Commit({MakeTestRevision(1), unauthenticated});
  EXPECT_THAT(Found({.actor = "alice"}), ElementsAre(JsonOf(1)));
  EXPECT_THAT(Found({.actor = ""}), ElementsAre(JsonOf(2)));
  EXPECT_THAT(Found({.actor = "ali"}), IsEmpty());
  EXPECT_THAT(Found({.cluster = "lab"}), ElementsAre(JsonOf(2)));
  EXPECT_THAT(Found({.actor = "alice", .cluster = "lab"}), IsEmpty());
}

TEST_F(AlertReaderTest, ATimeRangeFindsWhatWasGoingOnInIt) {
  Revision lasting = MakeTestRevision(1);  // seconds 1 to 5
  lasting.last = kRevisionStart + 5 * kRevisionStep;
  Commit({lasting});
  const auto found = [&](Micros from, Micros to) {
    return !Found({.from = kRevisionStart + from * kRevisionStep,
                   .to = kRevisionStart + to * kRevisionStep})
                .empty();
  };
  EXPECT_FALSE(found(0, 1));  // `to` is no part of it
  EXPECT_TRUE(found(0, 2));
  EXPECT_TRUE(found(2, 3));
  EXPECT_TRUE(found(5, 9));  // `from` is
  EXPECT_FALSE(found(6, 9));
}

TEST_F(AlertReaderTest, OpenIsWhatIsNotClosed) {
  Commit({MakeTestRevision(1), MakeTestRevision(2), MakeTestRevision(2, 2, AlertState::kEscalated),
          MakeTestRevision(3), MakeClosedRevision(3, 2)});
  EXPECT_THAT(Found({.state = StateFilter::kOpen}), ElementsAre(JsonOf(2, 2), JsonOf(1)));
  EXPECT_THAT(Found({.state = StateFilter::kOpened}), ElementsAre(JsonOf(1)));
  EXPECT_THAT(Found({.state = StateFilter::kEscalated}), ElementsAre(JsonOf(2, 2)));
  EXPECT_THAT(Found({.state = StateFilter::kClosed}), ElementsAre(JsonOf(3, 2)));
}

TEST_F(AlertReaderTest, AnIdIsFoundByItsBeginning) {
  Commit({MakeTestRevision(0xa1), MakeTestRevision(0xb1), MakeTestRevision(0x2)});
  EXPECT_THAT(Found({.id_prefix = "1"}), ElementsAre(JsonOf(0xb1), JsonOf(0xa1)));
  EXPECT_THAT(Found({.id_prefix = "1a"}), ElementsAre(JsonOf(0xa1)));
  EXPECT_THAT(Found({.id_prefix = AlertId(0x2)}), ElementsAre(JsonOf(2)));
  EXPECT_THAT(Found({.id_prefix = "f"}), IsEmpty());
}

TEST_F(AlertReaderTest, AllRevisionsOfAnAlertComeInTheirOrder) {
  Commit({MakeTestRevision(1), MakeTestRevision(2), MakeTestRevision(1, 2)});
  absl::StatusOr<AlertPage> page = reader_.RevisionsOf(AlertId(1));
  ASSERT_THAT(page, IsOk());
  EXPECT_THAT(page->alerts, ElementsAre(AlertEntry{MakeTestRevision(1).detected, JsonOf(1)},
                                        AlertEntry{MakeTestRevision(1, 2).detected, JsonOf(1, 2)}));
  EXPECT_THAT(reader_.RevisionsOf("1")->alerts, IsEmpty());
}

TEST_F(AlertReaderTest, AllThatMatchAreCountedWhateverThePage) {
  for (std::uint64_t i = 0; i < 10; ++i) {
    Commit({i % 2 == 0 ? MakeTestRevision(i) : MakeClosedRevision(i)});
  }
  AlertQuery query = {.state = StateFilter::kClosed, .limit = 2, .count = true};
  AlertPage page = Query(query);
  EXPECT_EQ(page.total, 5U);
  query.cursor = page.next;
  EXPECT_EQ(Query(query).total, 5U);
  query.count = false;
  EXPECT_EQ(Query(query).total, std::nullopt);
}

TEST_F(AlertReaderTest, TurningPagesShowsEachAlertOnceWhileNewOnesComeIn) {
  std::uint64_t next_number = 0;
  for (; next_number < 25; ++next_number) {
    Commit({MakeTestRevision(next_number)});
  }
  AlertQuery query = {.limit = 4};
  std::vector<std::string> seen;
  do {
    const AlertPage page = Query(query);
    EXPECT_LE(page.alerts.size(), 4U);
    for (const AlertEntry& entry : page.alerts) {
      seen.push_back(entry.json.substr(0, JsonOf(0).find(",\"n\"")));
    }
    query.cursor = page.next;
    // Meanwhile an alert comes in, and one of each end of the list is revised.
    Commit({MakeTestRevision(next_number), MakeTestRevision(0, 2), MakeTestRevision(24, 2)});
    ++next_number;
  } while (!query.cursor.empty());
  std::vector<std::string> expected;
  for (std::uint64_t i = 25; i-- > 0;) {
    expected.push_back(JsonOf(i).substr(0, JsonOf(0).find(",\"n\"")));
  }
  EXPECT_EQ(seen, expected);
}

TEST_F(AlertReaderTest, ALastPageThatIsFullHasNoNext) {
  Commit({MakeTestRevision(1), MakeTestRevision(2)});
  EXPECT_EQ(Query({.limit = 2}).next, "");
}

TEST_F(AlertReaderTest, APageOfLongAlertsEndsEarlyAndTheNextGoesOn) {
  std::vector<Revision> revisions;
  for (std::uint64_t i = 0; i < 5; ++i) {
    revisions.push_back(MakeTestRevision(i));
    revisions.back().json = std::string(5 << 20, static_cast<char>('a' + i));
  }
  Commit(revisions);
  AlertQuery query;
  std::size_t alerts = 0;
  std::size_t pages = 0;
  do {
    const AlertPage page = Query(query);
    alerts += page.alerts.size();
    ++pages;
    query.cursor = page.next;
  } while (!query.cursor.empty());
  EXPECT_EQ(alerts, 5U);
  EXPECT_EQ(pages, 3U);
  EXPECT_EQ(reader_.RevisionsAfter(0, 10)->size(), 2U);
}

TEST_F(AlertReaderTest, ACursorThatNoListHasGivenIsRefused) {
  for (const char* const cursor :
       {"x", "v1-", "v1-x", "v1--3", "v1-1 ", "v1-99999999999999999999"}) {
    EXPECT_THAT(reader_.Query({.cursor = cursor}), StatusIs(absl::StatusCode::kInvalidArgument, _))
        << cursor;
  }
}

TEST_F(AlertReaderTest, AnOpenReadDoesNotHoldUpACommitAndSeesOneMoment) {
  Commit({MakeTestRevision(1)});
  absl::StatusOr<SqliteDatabase> slow =
      SqliteDatabase::Open(Path(), SqliteDatabase::Mode::kReadOnly);
  ASSERT_THAT(slow, IsOk());
  absl::StatusOr<SqliteTransaction> transaction = SqliteTransaction::BeginRead(*slow);
  EXPECT_EQ(*slow->QueryInteger("SELECT COUNT(*) FROM revisions"), 1);
  Commit({MakeTestRevision(2)});
  EXPECT_EQ(*slow->QueryInteger("SELECT COUNT(*) FROM revisions"), 1);
  EXPECT_EQ(Query({}).alerts.size(), 2U);
}

// One thread commits, three read.
TEST_F(AlertReaderTest, ReadersSeeWholeCommitsWhileThereAreMore) {
  constexpr std::uint64_t kCommits = 200;
  std::atomic<bool> done = false;
  constexpr std::size_t kReaders = 3;
  std::vector<std::thread> readers;
  readers.reserve(kReaders);
  for (std::size_t i = 0; i < kReaders; ++i) {
    readers.emplace_back([&] {
      AlertReader reader = *store_.OpenReader();
      while (!done) {
        // Each commit opens one alert and closes it.
        const absl::StatusOr<AlertPage> page =
            reader.Query({.state = StateFilter::kOpen, .limit = 10, .count = true});
        ASSERT_THAT(page, IsOk());
        ASSERT_EQ(page->total, 0U);
        const absl::StatusOr<std::vector<StoredRevision>> stored = reader.RevisionsAfter(0, 1000);
        ASSERT_THAT(stored, IsOk());
        ASSERT_EQ(stored->size() % 2, 0U);
      }
    });
  }
  for (std::uint64_t i = 0; i < kCommits; ++i) {
    Commit({MakeTestRevision(i), MakeClosedRevision(i, 2)});
  }
  done = true;
  for (std::thread& reader : readers) {
    reader.join();
  }
  EXPECT_EQ(*reader_.LastSequence(), static_cast<std::int64_t>(2 * kCommits));
}

}  // namespace
}  // namespace hark::alert
