#include "log/fact_log.h"

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "log/fact_log_helper.h"
#include "log/segment_format.h"

namespace hark::log {
namespace {

using ::hark::testing::FaultFileSystem;
using ::hark::testing::IsOk;
using ::hark::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FixedClock final : public Clock {
 public:
  explicit FixedClock(Micros time) : time_(time) {}
  absl::Time Now() const override { return absl::FromUnixMicros(time_); }

 private:
  Micros time_;
};

class FactLogTest : public ::testing::Test {
 protected:
  void Append(FactLog& log, std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t number = first; number <= last; ++number) {
      ASSERT_THAT(AppendDurably(log, RecordOf(number)), IsOk());
    }
  }
  // The segment files.
  std::vector<std::string> Files() { return files_.List(kFacts).value(); }

  FaultFileSystem files_;
  FactLogOptions small_{.segment_bytes = 400};  // two records of RecordOf
};

TEST_F(FactLogTest, PositionsCountFromOne) {
  const auto log = OpenLog(files_);
  EXPECT_EQ(log->Append(RecordOf(7))->position, 1);
  EXPECT_EQ(log->Append(RecordOf(8))->position, 2);
}

TEST_F(FactLogTest, RecordsAreReadInTheOrderOfTheirPositions) {
  const auto log = OpenLog(files_, small_);
  Append(*log, 1, 7);
  EXPECT_THAT(ReadNumbers(*log).value(), ElementsAre(1, 2, 3, 4, 5, 6, 7));
}

TEST_F(FactLogTest, ANewLogHasNoFileAndIsEmpty) {
  const auto log = OpenLog(files_);
  EXPECT_THAT(Files(), IsEmpty());
  EXPECT_THAT(ReadNumbers(*log).value(), IsEmpty());
  EXPECT_EQ(log->stats().oldest_time, std::nullopt);
}

TEST_F(FactLogTest, AnotherProcessGoesOnWhereOneStopped) {
  Append(*OpenLog(files_, small_), 1, 3);
  Append(*OpenLog(files_, small_), 4, 4);
  const auto log = OpenLog(files_, small_);
  Append(*log, 5, 5);
  EXPECT_THAT(ReadNumbers(*log).value(), ElementsAre(1, 2, 3, 4, 5));
}

TEST_F(FactLogTest, ANewSegmentIsNamedAfterItsFirstPosition) {
  const auto log = OpenLog(files_, small_);
  Append(*log, 1, 5);
  EXPECT_THAT(Files(), ElementsAre("00000000000000000001.seg", "00000000000000000003.seg",
                                   "00000000000000000005.seg"));
}

TEST_F(FactLogTest, ARecordLargerThanASegmentHasOneOfItsOwn) {
  const auto log = OpenLog(files_, small_);
  Append(*log, 1, 1);
  ASSERT_THAT(AppendDurably(*log, RecordOf(2, 10'000)), IsOk());
  Append(*log, 3, 3);
  EXPECT_EQ(Files().size(), 3);
  EXPECT_THAT(ReadNumbers(*log).value(), ElementsAre(1, 2, 3));
}

TEST_F(FactLogTest, WhatIsAppendedDuringASyncIsSyncedTogether) {
  const auto log = OpenLog(files_);
  Append(*log, 1, 1);
  const std::uint64_t before = files_.operations();
  files_.Hold();
  std::vector<Appended> appended = {*log->Append(RecordOf(2))};
  files_.AwaitHeld();
  for (std::uint64_t number = 3; number <= 50; ++number) {
    appended.push_back(*log->Append(RecordOf(number)));
  }
  files_.Release();
  for (const Appended& each : appended) {
    EXPECT_THAT(log->WaitDurable(each), IsOk());
  }
  EXPECT_EQ(files_.operations() - before, 2 * 2) << "a write and a sync for each of two groups";
  EXPECT_EQ(ReadNumbers(*log)->size(), 50);
}

TEST_F(FactLogTest, ShortWritesAreContinued) {
  files_.SetMaxWrite(7);
  Append(*OpenLog(files_, small_), 1, 5);
  EXPECT_THAT(ReadNumbers(*OpenLog(files_, small_)).value(), ElementsAre(1, 2, 3, 4, 5));
}

TEST_F(FactLogTest, AFullBufferFailsAnAppendThatDoesNotWait) {
  const auto log = OpenLog(files_, {.max_pending_bytes = 1'000});
  files_.Hold();
  absl::Status status;
  int appended = 0;
  for (; status.ok() && appended < 100; ++appended) {
    status = log->Append(RecordOf(1), {.when_full = WhenFull::kFail}).status();
  }
  files_.Release();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("bytes wait")));
  EXPECT_LE(appended, 1 + 2 * 1'000 / 136);  // what is pending, and what is being written
}

TEST_F(FactLogTest, AFullBufferHoldsAnAppendUntilThereIsRoom) {
  const auto log = OpenLog(files_, {.max_pending_bytes = 300});
  files_.Hold();
  std::thread appender([this, &log] { Append(*log, 1, 20); });
  files_.Release();
  appender.join();
  EXPECT_EQ(ReadNumbers(*log)->size(), 20);
}

TEST_F(FactLogTest, ARecordLargerThanTheBufferIsTakenAllTheSame) {
  const auto log = OpenLog(files_, {.max_pending_bytes = 10});
  Append(*log, 1, 3);
  EXPECT_THAT(ReadNumbers(*log).value(), ElementsAre(1, 2, 3));
}

TEST_F(FactLogTest, AReaderFollowsWhatIsAppended) {
  const auto log = OpenLog(files_, small_);
  std::vector<std::uint64_t> numbers;
  std::thread follower([&] {
    FactLogReader reader = *log->Read(1);
    FactRecord record;
    for (auto found = reader.Next(record); found.ok() && *found; found = reader.Next(record)) {
      numbers.push_back(record.position);
    }
  });
  Append(*log, 1, 6);
  log->Close();
  follower.join();
  EXPECT_THAT(numbers, ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST_F(FactLogTest, AReaderIsNotGivenWhatIsNotSynced) {
  const auto log = OpenLog(files_);
  Append(*log, 1, 1);
  files_.Hold();
  ASSERT_THAT(log->Append(RecordOf(2)), IsOk());
  EXPECT_THAT(ReadNumbers(*log).value(), ElementsAre(1));
  files_.Release();
}

TEST_F(FactLogTest, AReaderCanStartInTheMiddleOfASegment) {
  const auto log = OpenLog(files_);
  Append(*log, 1, 5);
  FactLogReader reader = *log->Read(4);
  FactRecord record;
  ASSERT_TRUE(*reader.Next(record));
  EXPECT_EQ(record.position, 4);
  EXPECT_EQ(reader.position(), 5);
}

TEST_F(FactLogTest, AReaderOfAPositionThatTheLogLacksIsRefused) {
  const auto log = OpenLog(files_);
  Append(*log, 1, 2);
  EXPECT_THAT(log->Read(3), IsOk());
  EXPECT_THAT(log->Read(4),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("position 3 was read already")));
}

TEST_F(FactLogTest, CutRemovesOnlyWholeSegmentsBeforeThePosition) {
  const auto log = OpenLog(files_, small_);
  Append(*log, 1, 6);
  EXPECT_THAT(log->CutBefore(4), IsOk());
  EXPECT_THAT(ReadNumbers(*log).value(), ElementsAre(3, 4, 5, 6));
  EXPECT_THAT(log->Read(2), StatusIs(absl::StatusCode::kOutOfRange, HasSubstr("begins at")));
}

TEST_F(FactLogTest, CutKeepsTheNewestSegmentSoThatPositionsGoOn) {
  {
    const auto log = OpenLog(files_, small_);
    Append(*log, 1, 4);
    EXPECT_THAT(log->CutBefore(std::numeric_limits<std::uint64_t>::max()), IsOk());
  }
  const auto log = OpenLog(files_, small_);
  Append(*log, 5, 5);
  EXPECT_THAT(ReadNumbers(*log).value(), ElementsAre(3, 4, 5));
}

TEST_F(FactLogTest, StatsTellBytesAndAge) {
  const FixedClock clock(1'234'567);
  small_.clock = &clock;
  const auto log = OpenLog(files_, small_);
  Append(*log, 1, 3);
  const FactLogStats stats = log->stats();
  std::uint64_t bytes = 0;
  for (const std::string& name : Files()) {
    bytes += files_.Content(JoinPath(kFacts, name)).size();
  }
  EXPECT_EQ(stats.bytes, bytes);
  EXPECT_EQ(stats.oldest_time, 1'234'567);
  EXPECT_EQ(stats.oldest_position, 1);
  EXPECT_EQ(stats.durable_position, 3);
}

TEST_F(FactLogTest, CloseWritesWhatIsPendingAndRefusesMore) {
  const auto log = OpenLog(files_);
  const Appended appended = *log->Append(RecordOf(1));
  log->Close();
  EXPECT_THAT(log->WaitDurable(appended), IsOk());
  EXPECT_THAT(log->Append(RecordOf(2)),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("closed")));
}

}  // namespace
}  // namespace hark::log
