#include "alert/retention.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
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
using ::testing::IsEmpty;
using ::testing::Pair;

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
  // The same for dead letters, by output.
  std::map<std::string, std::int64_t> RetainLetters(const RetentionLimits& limits) {
    std::map<std::string, std::int64_t> removed;
    while (true) {
      const absl::StatusOr<RetentionResult> result = store_.Retain(limits);
      EXPECT_THAT(result, IsOk());
      for (const auto& [output, number] : result->removed_letters) {
        removed[output] += number;
      }
      if (result->done) {
        return removed;
      }
    }
  }
  // Letters that failed at these moments.
  void AddLetters(const std::string& output, const std::vector<Micros>& failed,
                  std::size_t bytes = 10) {
    std::vector<DeadLetter> letters;
    for (const Micros moment : failed) {
      DeadLetter& letter = letters.emplace_back();
      letter.output = output;
      letter.id = "a";
      letter.failed = moment;
      letter.json = std::string(bytes, 'x');
    }
    ASSERT_THAT(store_.Advance(output, 1, letters), IsOk());
  }
  std::vector<Micros> FailedOf(const std::string& output) {
    std::vector<Micros> failed;
    const std::vector<DeadLetter> letters = *reader_.DeadLetters(output, 0, 10'000);
    failed.reserve(letters.size());
    for (const DeadLetter& letter : letters) {
      failed.push_back(letter.failed);
    }
    return failed;
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

TEST_F(RetentionTest, AgeLooksAtEveryAlertWhateverOrderTheyWereStoredIn) {
  // A clock that was wrong for a time: what it stamped with the future keeps back nothing else.
  std::vector<Revision> revisions;
  for (std::uint64_t i = 0; i < 300; ++i) {
    revisions.push_back(MakeClosedRevision(i));
    revisions.back().detected = i < 150 ? 1'000'000 : 1'000;
  }
  Commit(revisions);
  TakeSnapshot();
  EXPECT_EQ(Retain({.detected_before = 2'000}), 150);
  EXPECT_EQ(Sequences().size(), 150U);
}

TEST_F(RetentionTest, AStepSaysWhyAlertsWent) {
  Commit({MakeClosedRevision(1), MakeClosedRevision(2)});
  TakeSnapshot();
  EXPECT_FALSE(store_.Retain({.detected_before = MakeClosedRevision(2).detected})->for_bytes);
  EXPECT_TRUE(store_.Retain({.max_bytes = 0})->for_bytes);
}

TEST_F(RetentionTest, ADeadLetterGoesSomeTimeAfterItsLastAttempt) {
  AddLetters("a", {10, 20, 30});
  AddLetters("b", {5, 25});
  EXPECT_THAT(RetainLetters({}), IsEmpty());
  EXPECT_THAT(RetainLetters({.failed_before = 20}), ElementsAre(Pair("a", 1), Pair("b", 1)));
  EXPECT_THAT(FailedOf("a"), ElementsAre(20, 30));
  EXPECT_THAT(FailedOf("b"), ElementsAre(25));
  EXPECT_THAT(RetainLetters({.failed_before = 100}), ElementsAre(Pair("a", 2), Pair("b", 1)));
}

TEST_F(RetentionTest, ADeadLetterThatIsToBeTriedAgainDoesNotGoForItsAge) {
  AddLetters("a", {10, 20});
  ASSERT_EQ(*store_.ReplayDeadLetters("a", 2), 1);
  EXPECT_THAT(RetainLetters({.failed_before = 100}), ElementsAre(Pair("a", 1)));
  EXPECT_THAT(FailedOf("a"), ElementsAre(20));
}

TEST_F(RetentionTest, AboveTheLimitTheOldestDeadLettersOfWhoHasMostGo) {
  constexpr std::size_t kBytes = 10'000;
  constexpr std::size_t kWithRow = kBytes + 512;
  std::vector<Micros> many;
  for (Micros moment = 0; moment < 700; ++moment) {
    many.push_back(moment);
  }
  AddLetters("few", {1, 2, 3}, kBytes);
  AddLetters("many", many, kBytes);
  ASSERT_EQ(*store_.ReplayDeadLetters("", 4), 1);  // the oldest of many
  EXPECT_THAT(RetainLetters({.max_letter_bytes = 703 * kWithRow}), IsEmpty());
  EXPECT_THAT(RetainLetters({.max_letter_bytes = 103 * kWithRow}), ElementsAre(Pair("many", 600)));
  EXPECT_THAT(FailedOf("few"), ElementsAre(1, 2, 3));
  EXPECT_EQ(FailedOf("many").size(), 100U);
  EXPECT_EQ(FailedOf("many").front(), 0) << "what is to be tried again goes last";
  EXPECT_EQ(FailedOf("many")[1], 601);
  EXPECT_THAT(RetainLetters({.max_letter_bytes = 0}),
              ElementsAre(Pair("few", 3), Pair("many", 100)));
}

TEST_F(RetentionTest, AReplayThatIsRefusedMeasuresTheLetterAnew) {
  AddLetters("a", {10, 20}, 1'000);
  DeadLetter letter = reader_.DeadLetters("a", 0, 1)->front();
  letter.answer = std::string(500, 'y');
  ASSERT_THAT(store_.ReturnDeadLetter(letter), IsOk());
  EXPECT_THAT(RetainLetters({.max_letter_bytes = 2 * (1'000 + 512) + 500}), IsEmpty());
  EXPECT_THAT(RetainLetters({.max_letter_bytes = 2 * (1'000 + 512) + 499}),
              ElementsAre(Pair("a", 1)));
}

TEST_F(RetentionTest, ASilenceThatEndedLongAgoGoes) {
  const auto add = [&](Micros until) {
    ASSERT_THAT(store_.AddSilence(
                    {.matchers = "a=b", .reason = "", .author = "", .created = 0, .until = until}),
                IsOk());
  };
  add(10);
  add(30);
  EXPECT_EQ(Retain({.detected_before = 20}), 0);
  const std::vector<Silence> silences = *reader_.Silences(std::nullopt);
  ASSERT_EQ(silences.size(), 1U);
  EXPECT_EQ(silences.front().until, 30);
}

TEST_F(RetentionTest, SpaceThatDeadLettersHaveLeftIsGivenBack) {
  AddLetters("a", std::vector<Micros>(500, 1), 10'000);
  const std::uint64_t before = *reader_.UsedBytes();
  RetainLetters({.failed_before = 2});
  EXPECT_LT(*reader_.UsedBytes(), before / 10);
  // A checkpoint brings it to the file.
  AlertStore other = *AlertStore::Open(folder_.Path("other.db"));
  reader_ = *other.OpenReader();
  store_ = std::move(other);
  EXPECT_LT(std::filesystem::file_size(Path()), before / 5);
}

}  // namespace
}  // namespace hark::alert
