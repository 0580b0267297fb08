// Promise 2 on disk: the machine goes down at each operation of taking snapshots, and any part of
// what was not synced is lost. A snapshot whose number was committed and that was published is
// there afterwards, or one before it whose facts were kept.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "log/snapshot_helper.h"
#include "support/case_count.h"

namespace hark::log {
namespace {

using ::hark::testing::FaultFileSystem;
using ::hark::testing::IsOk;

struct Progress {
  std::uint64_t committed = 0;   // the highest number that the database holds
  std::uint64_t published = 0;   // the position of the last snapshot that was
  std::uint64_t cut_before = 1;  // facts before this position are gone
};

absl::Status TakeOne(SnapshotStore& store, std::uint64_t position, Progress& progress) {
  ASSIGN_OR_RETURN(std::unique_ptr<SnapshotWriter> writer, WriteSealed(store, position));
  progress.committed = writer->number();
  RETURN_IF_ERROR(store.Publish(std::move(writer)));
  progress.published = position;
  progress.cut_before = store.keep_from();
  return absl::OkStatus();
}

// A snapshot that cannot be taken is followed by the next one.
void TakeAll(FaultFileSystem& files, Progress& progress) {
  const auto store = SnapshotStore::Open(files, kState);
  for (std::uint64_t position = 10; store.ok() && position <= 50; position += 10) {
    TakeOne(**store, position, progress).IgnoreError();
  }
}

// The newest snapshot is whole, no older than the last that was published, and the facts after it
// are still there. Damage it, and the one before it does as well.
void CheckDisk(FaultFileSystem& disk, const Progress& progress) {
  const auto store = OpenStore(disk, progress.committed);
  ASSERT_NE(store, nullptr);
  const auto loaded = Load(*store, {.last_committed = progress.committed});
  ASSERT_THAT(loaded, IsOk());
  EXPECT_TRUE(loaded->skipped.empty()) << loaded->skipped.front();
  if (!loaded->snapshot.has_value()) {
    EXPECT_EQ(progress.published, 0);
    EXPECT_EQ(progress.cut_before, 1);
    return;
  }
  const std::uint64_t position = loaded->snapshot->position();
  EXPECT_GE(position, progress.published);
  EXPECT_GE(position + 1, progress.cut_before);
  EXPECT_EQ(loaded->snapshot->ReadSection("windows").value(), StateAt(position));

  disk.SetContent(loaded->snapshot->path(), "damaged");
  const auto before = Load(*store, {.last_committed = progress.committed});
  ASSERT_THAT(before, IsOk());
  const std::uint64_t needed_from =
      before->snapshot.has_value() ? before->snapshot->position() + 1 : 1;
  EXPECT_GE(needed_from, progress.cut_before);
}

TEST(SnapshotCrashTest, TheLossOfPowerAtAnyOperationLosesNoPublishedSnapshot) {
  const std::uint64_t choices = testing::CaseCount(200);
  for (std::uint64_t operation = 1;; ++operation) {
    FaultFileSystem files;
    files.CrashAt(operation);
    Progress progress;
    TakeAll(files, progress);
    if (!files.crashed()) {
      EXPECT_GT(operation, 25);
      break;
    }
    for (std::uint64_t choice = 0; choice < choices; ++choice) {
      SCOPED_TRACE(::testing::Message() << "operation " << operation << ", choice " << choice);
      CheckDisk(*files.AfterPowerLoss(choice), progress);
      ASSERT_FALSE(HasFailure());
    }
    SCOPED_TRACE(::testing::Message() << "operation " << operation << ", killed");
    CheckDisk(*files.AfterKill(), progress);
    ASSERT_FALSE(HasFailure());
  }
}

TEST(SnapshotCrashTest, AFailureOfAnyOperationLosesNoPublishedSnapshot) {
  std::uint64_t operations = 3;
  for (std::uint64_t failing = 3; failing <= operations; ++failing) {  // 1 and 2 are of Open
    FaultFileSystem files;
    files.FailAt(failing, absl::ResourceExhaustedError("no space left on device"));
    Progress progress;
    TakeAll(files, progress);
    operations = std::max(operations, files.operations());
    for (std::uint64_t choice = 0; choice < 20; ++choice) {
      SCOPED_TRACE(::testing::Message() << "operation " << failing << ", choice " << choice);
      CheckDisk(*files.AfterPowerLoss(choice), progress);
      ASSERT_FALSE(HasFailure());
    }
  }
  EXPECT_GT(operations, 25);
}

}  // namespace
}  // namespace hark::log
