// What the fact log does when the disk fails: full, or broken for one operation.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "log/fact_log_helper.h"

namespace hark::log {
namespace {

using ::hark::testing::FaultFileSystem;
using ::hark::testing::IsOk;
using ::hark::testing::StatusIs;
using ::testing::_;
using ::testing::ElementsAre;

constexpr std::uint64_t kRecords = 8;
constexpr std::uint64_t kPowerLosses = 12;

absl::Status Broken() {
  return absl::UnknownError("input/output error");
}

class FactLogFailureTest : public ::testing::Test {
 protected:
  // Fails the next sync of a group: its write is the operation before.
  void FailNextSync(FaultFileSystem& files) { files.FailAt(files.operations() + 2, Broken()); }

  std::uint64_t UsedBytes() {
    std::uint64_t used = 0;
    const std::vector<std::string> names = files_.List(kFacts).value();
    for (const std::string& name : names) {
      used += files_.Content(JoinPath(kFacts, name)).size();
    }
    return used;
  }

  FaultFileSystem files_;
  std::unique_ptr<FactLog> log_ = OpenLog(files_);
};

TEST_F(FactLogFailureTest, AFailedSyncFailsTheRecordAndTheNextOneTakesItsPosition) {
  ASSERT_THAT(AppendDurably(*log_, RecordOf(1)), IsOk());
  FailNextSync(files_);
  EXPECT_THAT(AppendDurably(*log_, RecordOf(2)), StatusIs(absl::StatusCode::kUnknown, _));
  const absl::StatusOr<Appended> again = log_->Append(RecordOf(3));
  ASSERT_THAT(log_->WaitDurable(*again), IsOk());
  EXPECT_EQ(again->position, 2);
  EXPECT_THAT(ReadNumbers(*log_).value(), ElementsAre(1, 3));
  EXPECT_EQ(log_->stats().failed_groups, 1);
}

TEST_F(FactLogFailureTest, ASegmentIsNotWrittenAfterAFailedSync) {
  ASSERT_THAT(AppendDurably(*log_, RecordOf(1)), IsOk());
  FailNextSync(files_);
  EXPECT_FALSE(AppendDurably(*log_, RecordOf(2)).ok());
  const std::string path = JoinPath(kFacts, SegmentName(1));
  const std::string before = files_.Content(path);
  ASSERT_THAT(AppendDurably(*log_, RecordOf(2)), IsOk());
  EXPECT_EQ(files_.Content(path), before);
  EXPECT_EQ(files_.List(kFacts)->size(), 2);
}

TEST_F(FactLogFailureTest, WhatWasAppendedBehindAFailureFailsToo) {
  ASSERT_THAT(AppendDurably(*log_, RecordOf(1)), IsOk());
  FailNextSync(files_);
  files_.Hold();
  const Appended first = *log_->Append(RecordOf(2));
  files_.AwaitHeld();
  const Appended second = *log_->Append(RecordOf(3));
  files_.Release();
  EXPECT_FALSE(log_->WaitDurable(first).ok());
  EXPECT_FALSE(log_->WaitDurable(second).ok());
  ASSERT_THAT(AppendDurably(*log_, RecordOf(4)), IsOk());
  EXPECT_FALSE(log_->WaitDurable(second).ok()) << "its position is another record's now";
  EXPECT_THAT(ReadNumbers(*log_).value(), ElementsAre(1, 4));
}

TEST_F(FactLogFailureTest, ASourceThatHasNotSeenTheFailureCannotLeaveAHole) {
  const std::uint64_t generation = log_->generation();
  ASSERT_THAT(AppendDurably(*log_, RecordOf(1), {.generation = generation}), IsOk());
  FailNextSync(files_);
  EXPECT_FALSE(AppendDurably(*log_, RecordOf(2), {.generation = generation}).ok());
  EXPECT_THAT(log_->Append(RecordOf(3), {.generation = generation}),
              StatusIs(absl::StatusCode::kAborted, _));
  EXPECT_THAT(AppendDurably(*log_, RecordOf(2), {.generation = log_->generation()}), IsOk());
  EXPECT_THAT(ReadNumbers(*log_).value(), ElementsAre(1, 2));
}

// The kernel has forgotten that these bytes are not on the disk, yet they read as if they were.
TEST_F(FactLogFailureTest, WhatAFailedSyncLeftInTheCacheIsMadeDurableBeforeItIsBuiltUpon) {
  ASSERT_THAT(AppendDurably(*log_, RecordOf(1)), IsOk());
  FailNextSync(files_);
  EXPECT_FALSE(AppendDurably(*log_, RecordOf(2)).ok());
  const auto killed = files_.AfterKill();
  {
    const auto log = OpenLog(*killed);
    ASSERT_THAT(AppendDurably(*log, RecordOf(3)), IsOk());
    EXPECT_THAT(ReadNumbers(*log).value(), ElementsAre(1, 2, 3));
  }
  const auto lost_power = killed->AfterPowerLoss(0);
  EXPECT_THAT(ReadNumbers(*OpenLog(*lost_power)).value(), ElementsAre(1, 2, 3));
}

TEST_F(FactLogFailureTest, AFullDiskFailsAppendsUntilThereIsSpace) {
  ASSERT_THAT(AppendDurably(*log_, RecordOf(1)), IsOk());
  for (const std::uint64_t room : {0U, 1U, 51U, 52U, 100U, 200U}) {
    files_.SetCapacity(UsedBytes() + room);
    EXPECT_THAT(AppendDurably(*log_, RecordOf(2, 1'000)),
                StatusIs(absl::StatusCode::kResourceExhausted, _));
    EXPECT_THAT(ReadNumbers(*log_).value(), ElementsAre(1));
  }
  files_.SetCapacity(std::nullopt);
  EXPECT_THAT(AppendDurably(*log_, RecordOf(2)), IsOk());
  EXPECT_THAT(ReadNumbers(*log_).value(), ElementsAre(1, 2));
  EXPECT_LE(files_.List(kFacts)->size(), 2) << "attempts leave no files behind";
}

TEST_F(FactLogFailureTest, AReaderGoesOnAfterAFailure) {
  FactLogReader reader = *log_->Read(1);
  FactRecord record;
  ASSERT_THAT(AppendDurably(*log_, RecordOf(1)), IsOk());
  ASSERT_TRUE(*reader.Next(record));
  FailNextSync(files_);
  EXPECT_FALSE(AppendDurably(*log_, RecordOf(2, 900)).ok());
  ASSERT_THAT(AppendDurably(*log_, RecordOf(3)), IsOk());
  ASSERT_TRUE(*reader.Next(record));
  EXPECT_EQ(record.position, 3);
}

// Appends the records; after an error it tries a record again until it is durable.
void AppendStubbornly(FactLog& log) {
  for (std::uint64_t number = 1; number <= kRecords; ++number) {
    while (!AppendDurably(log, RecordOf(number)).ok()) {
    }
  }
}

class EachOperationTest
    : public ::testing::TestWithParam<std::pair<absl::StatusCode, std::size_t>> {};

TEST_P(EachOperationTest, OneFailureAnywhereLosesAndDoublesNothing) {
  const auto [code, max_write] = GetParam();
  const FactLogOptions small{.segment_bytes = 400};
  std::uint64_t operations = 4;
  for (std::uint64_t failing = 4; failing <= operations; ++failing) {  // 1 to 3 are of Open
    FaultFileSystem files;
    files.SetMaxWrite(max_write);
    files.FailAt(failing, absl::Status(code, "it is broken"));
    const auto log = OpenLog(files, small);
    AppendStubbornly(*log);
    const std::vector<std::uint64_t> numbers = ReadNumbers(*log).value();
    EXPECT_THAT(numbers, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8)) << "operation " << failing;
    for (std::uint64_t choice = 0; choice < kPowerLosses; ++choice) {
      const auto after = files.AfterPowerLoss(choice);
      EXPECT_EQ(ReadNumbers(*OpenLog(*after, small)).value(), numbers)
          << "operation " << failing << ", loss of power " << choice;
    }
    const auto killed = files.AfterKill();
    EXPECT_EQ(ReadNumbers(*OpenLog(*killed, small)).value(), numbers)
        << "operation " << failing << ", killed";
    operations = files.operations();
  }
  EXPECT_GT(operations, 30);
}

INSTANTIATE_TEST_SUITE_P(
    FactLogFailureTest, EachOperationTest,
    ::testing::Values(std::pair(absl::StatusCode::kUnknown, std::size_t{1} << 20),
                      std::pair(absl::StatusCode::kResourceExhausted, std::size_t{50})));

TEST_F(FactLogFailureTest, OpenFailsIfItCannotMakeTheTailDurable) {
  ASSERT_THAT(AppendDurably(*log_, RecordOf(1)), IsOk());
  const auto killed = files_.AfterKill();
  killed->FailAt(3, Broken());  // after the sync of the directory and the write
  EXPECT_THAT(FactLog::Open(*killed, kFacts), StatusIs(absl::StatusCode::kUnknown, _));
}

}  // namespace
}  // namespace hark::log
