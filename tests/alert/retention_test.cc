#include "alert/retention.h"

#include <cstdint>
#include <filesystem>
#include <string>
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

using ::hark::testing::IsOk;
using ::hark::testing::MakeClosedRevision;
using ::hark::testing::MakeTestRevision;
using ::hark::testing::TempDir;
using ::testing::ElementsAre;

class RetentionTest : public ::testing::Test {
 protected:
  RetentionTest() : store_(*AlertStore::Open(Path())), reader_(*store_.OpenReader()) {}

  void Commit(const std::vector<Revision>& revisions) {
    ASSERT_THAT(store_.Commit({.revisions = revisions}), IsOk());
  }
  // All that is stored is older than the only snapshot.
  void TakeSnapshot(std::uint64_t number = 1) {
    ASSERT_THAT(store_.Commit({.snapshot = number}), IsOk());
    ASSERT_THAT(store_.ForgetSnapshotsBefore(number), IsOk());
  }
  // Goes on until nothing more is to go; how many alerts went.
  std::int64_t Retain(const RetentionLimits& limits) {
    std::int64_t removed = 0;
    while (true) {
      const absl::StatusOr<RetentionResult> result = store_.Retain(limits);
      EXPECT_THAT(result, IsOk());
      removed += result->removed_alerts;
      if (result->done) {
        return removed;
      }
    }
  }
  std::vector<std::int64_t> Sequences() {
    std::vector<std::int64_t> sequences;
    const std::vector<StoredRevision> revisions = *reader_.RevisionsAfter(0, 1000);
    sequences.reserve(revisions.size());
    for (const StoredRevision& stored : revisions) {
      sequences.push_back(stored.sequence);
    }
    return sequences;
  }
  std::string Path() const { return folder_.Path("hark.db"); }

  TempDir folder_;
  AlertStore store_;
  AlertReader reader_;
};

constexpr RetentionLimits kAll = {.detected_before = INT64_MAX};

TEST_F(RetentionTest, AClosedAlertGoesWithAllItsRevisionsWhenItIsOld) {
  Commit({MakeTestRevision(1), MakeClosedRevision(1, 2), MakeClosedRevision(2)});
  TakeSnapshot();
  EXPECT_EQ(Retain({.detected_before = MakeClosedRevision(1, 2).detected}), 0);
  EXPECT_EQ(Retain({.detected_before = MakeClosedRevision(2).detected}), 1);
  EXPECT_THAT(Sequences(), ElementsAre(3));
  EXPECT_EQ(reader_.Query({})->alerts.size(), 1U);
}

TEST_F(RetentionTest, NothingGoesWithoutLimits) {
  Commit({MakeClosedRevision(1)});
  TakeSnapshot();
  EXPECT_EQ(Retain({}), 0);
}

TEST_F(RetentionTest, AnOpenAlertStaysHoweverOldItIs) {
  Commit(
      {MakeTestRevision(1), MakeTestRevision(1, 2, AlertState::kEscalated), MakeClosedRevision(2)});
  TakeSnapshot();
  EXPECT_EQ(Retain({.detected_before = INT64_MAX, .max_bytes = 0}), 1);
  EXPECT_THAT(Sequences(), ElementsAre(1, 2));
}

TEST_F(RetentionTest, WhatACursorHasNotPassedStays) {
  Commit({MakeClosedRevision(1), MakeTestRevision(2), MakeClosedRevision(3),
          MakeClosedRevision(2, 2)});
  TakeSnapshot();
  ASSERT_THAT(store_.Advance("fast", 4), IsOk());
  ASSERT_THAT(store_.Advance("slow", 2), IsOk());
  EXPECT_EQ(Retain({.detected_before = INT64_MAX, .max_bytes = 0}), 1);
  EXPECT_THAT(Sequences(), ElementsAre(2, 3, 4));
  ASSERT_THAT(store_.RemoveOutput("slow"), IsOk());
  EXPECT_EQ(Retain(kAll), 2);
}

TEST_F(RetentionTest, WhatARestartWouldMakeAgainStays) {
  Commit({MakeClosedRevision(1)});
  EXPECT_EQ(Retain(kAll), 0);  // without a snapshot that is everything
  ASSERT_THAT(store_.Commit({.snapshot = 1}), IsOk());
  Commit({MakeClosedRevision(2)});
  ASSERT_THAT(store_.Commit({.snapshot = 2}), IsOk());
  EXPECT_EQ(Retain(kAll), 1);
  EXPECT_THAT(Sequences(), ElementsAre(2));
  ASSERT_THAT(store_.ForgetSnapshotsBefore(2), IsOk());
  EXPECT_EQ(Retain(kAll), 1);
}

TEST_F(RetentionTest, ARemovedNumberIsNotUsedAgain) {
  Commit({MakeClosedRevision(1)});
  TakeSnapshot();
  EXPECT_EQ(Retain(kAll), 1);
  store_ = *AlertStore::Open(Path());
  EXPECT_EQ(*reader_.LastSequence(), 1);
  Commit({MakeTestRevision(2)});
  EXPECT_THAT(Sequences(), ElementsAre(2));
}

TEST_F(RetentionTest, AboveTheLimitOfBytesTheOldestGoAndTheFileShrinks) {
  constexpr std::uint64_t kAlerts = 2000;
  std::vector<Revision> revisions;
  for (std::uint64_t i = 0; i < kAlerts; ++i) {
    revisions.push_back(MakeClosedRevision(i));
    revisions.back().json = std::string(4'000, 'x');
  }
  Commit(revisions);
  TakeSnapshot();
  const std::uint64_t before = *reader_.UsedBytes();
  const std::uint64_t limit = before / 4;
  const std::int64_t removed = Retain({.max_bytes = limit});
  const std::uint64_t after = *reader_.UsedBytes();
  EXPECT_LE(after, limit);
  EXPECT_GE(after, limit * 3 / 4);
  EXPECT_THAT(Sequences().front(), removed + 1);
  EXPECT_EQ(Sequences().back(), static_cast<std::int64_t>(kAlerts));
  // The writer's connection is the last one that is closed: it puts its log into the file.
  AlertStore other = *AlertStore::Open(folder_.Path("other.db"));
  reader_ = *other.OpenReader();
  store_ = std::move(other);
  EXPECT_LE(std::filesystem::file_size(Path()), limit * 3 / 2);
}

}  // namespace
}  // namespace hark::alert
