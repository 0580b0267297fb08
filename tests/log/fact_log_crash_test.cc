// Promise 2 on disk: the machine goes down at each operation of the fact log, and any part of what
// was not synced is lost. What WaitDurable was OK for is there afterwards, once and in order.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "log/fact_log_helper.h"
#include "support/case_count.h"

namespace hark::log {
namespace {

using ::hark::testing::FaultFileSystem;
using ::hark::testing::IsOk;

const FactLogOptions kSmall{.segment_bytes = 450};

// A group is several writes, of which the loss of power may keep the later ones only.
constexpr std::size_t kMaxWrite = 90;

struct Progress {
  std::uint64_t appended = 0;
  std::uint64_t durable = 0;
  std::uint64_t cut = 0;  // asked for
};

// The sizes of records repeat, so that an old record can lie where a new one ends.
std::size_t SizeOf(std::uint64_t step) {
  return 30 + 40 * (step % 2);
}

// Appends two groups: of one record, and of those that come while it is being written.
std::vector<Appended> AppendGroups(FaultFileSystem& files, FactLog& log, std::uint64_t step,
                                   Progress& progress) {
  std::vector<Appended> appended;
  files.Hold();
  for (std::uint64_t i = 0; i < 1 + step % 4; ++i) {
    ++progress.appended;
    appended.push_back(*log.Append(RecordOf(progress.appended, SizeOf(step))));
    files.AwaitHeld();
  }
  files.Release();
  return appended;
}

// Groups of one to three records, across several segments, with cuts in between. Stops at the
// first error.
void Work(FaultFileSystem& files, Progress& progress) {
  files.SetMaxWrite(kMaxWrite);
  const absl::StatusOr<std::unique_ptr<FactLog>> log = FactLog::Open(files, kFacts, kSmall);
  if (!log.ok()) {
    return;
  }
  for (std::uint64_t step = 1; step <= 8; ++step) {
    for (const Appended& each : AppendGroups(files, **log, step, progress)) {
      if (!(*log)->WaitDurable(each).ok()) {
        return;
      }
      progress.durable = each.position;
    }
    if (step % 3 == 0) {
      progress.cut = progress.durable - 2;
      if (!(*log)->CutBefore(progress.cut).ok()) {
        return;
      }
    }
  }
}

// The records are there that have to be, in order, and none twice.
void Check(const std::vector<std::uint64_t>& numbers, const FactLogStats& stats,
           const Progress& progress) {
  std::uint64_t expected = stats.oldest_position;
  for (const std::uint64_t number : numbers) {
    ASSERT_EQ(number, expected++);
  }
  EXPECT_LE(stats.oldest_position, std::max<std::uint64_t>(progress.cut, 1));
  EXPECT_GE(stats.durable_position, progress.durable);
  EXPECT_LE(stats.durable_position, progress.appended);
}

// Opens what a crash has left, checks it, adds a record, and loses power once more: what a process
// has once read must not go away any more.
void CheckDisk(FaultFileSystem& disk, const Progress& progress, std::uint64_t choice = 0) {
  std::vector<std::uint64_t> numbers;
  {
    const auto log = OpenLog(disk, kSmall);
    ASSERT_NE(log, nullptr);
    const auto read = ReadNumbers(*log);
    ASSERT_THAT(read, IsOk());
    numbers = *read;
    Check(numbers, log->stats(), progress);
    const std::uint64_t next = log->stats().durable_position + 1;
    ASSERT_THAT(AppendDurably(*log, RecordOf(next, SizeOf(choice))), IsOk());
    numbers.push_back(next);
  }
  const auto later = disk.AfterPowerLoss(0);
  const auto log = OpenLog(*later, kSmall);
  ASSERT_NE(log, nullptr);
  EXPECT_EQ(ReadNumbers(*log).value(), numbers);
}

TEST(FactLogCrashTest, TheLossOfPowerAtAnyOperationLosesNothingThatWasDurable) {
  const std::uint64_t choices = testing::CaseCount(200);
  for (std::uint64_t operation = 1;; ++operation) {
    FaultFileSystem files;
    files.CrashAt(operation);
    Progress progress;
    Work(files, progress);
    if (!files.crashed()) {
      EXPECT_GT(operation, 40);
      break;
    }
    for (std::uint64_t choice = 0; choice < choices; ++choice) {
      SCOPED_TRACE(::testing::Message() << "operation " << operation << ", choice " << choice);
      CheckDisk(*files.AfterPowerLoss(choice), progress, choice);
      ASSERT_FALSE(HasFailure());
    }
    SCOPED_TRACE(::testing::Message() << "operation " << operation << ", killed");
    CheckDisk(*files.AfterKill(), progress);
    ASSERT_FALSE(HasFailure());
  }
}

TEST(FactLogCrashTest, TheLossOfPowerDuringRecoveryLosesNothingEither) {
  const std::uint64_t choices = testing::CaseCount(2'000);
  for (std::uint64_t operation = 1;; ++operation) {
    FaultFileSystem files;
    files.CrashAt(operation);
    Progress progress;
    Work(files, progress);
    if (!files.crashed()) {
      break;
    }
    for (std::uint64_t again = 1;; ++again) {
      const auto killed = files.AfterKill();
      killed->CrashAt(again);
      const bool opened = FactLog::Open(*killed, kFacts, kSmall).ok();
      for (std::uint64_t choice = 0; choice < choices; ++choice) {
        SCOPED_TRACE(::testing::Message()
                     << "operation " << operation << ", then " << again << ", choice " << choice);
        CheckDisk(*killed->AfterPowerLoss(choice), progress, choice);
        ASSERT_FALSE(HasFailure());
      }
      if (opened) {
        break;
      }
    }
  }
}

}  // namespace
}  // namespace hark::log
