#include "log/data_dir.h"

#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/fault_file_system.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::log {
namespace {

using ::hark::testing::FaultFileSystem;
using ::hark::testing::IsOk;
using ::hark::testing::StatusIs;
using ::hark::testing::TempDir;
using ::testing::_;
using ::testing::AllOf;
using ::testing::HasSubstr;

class DataDirTest : public ::testing::Test {
 protected:
  absl::StatusOr<DataDir> Open() { return DataDir::Open(FileSystem::Posix(), path_); }

  TempDir parent_;
  const std::string path_ = parent_.Path("data");
};

TEST_F(DataDirTest, IsMadeForItsOwnerOnly) {
  ASSERT_THAT(Open(), IsOk());
  EXPECT_EQ(FileSystem::Posix().Info(path_)->permissions, 0700U);
}

TEST_F(DataDirTest, OneThatOthersMayLookIntoIsRefused) {
  std::filesystem::create_directory(path_);
  ASSERT_EQ(chmod(path_.c_str(), 0750), 0);
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kFailedPrecondition,
                               AllOf(HasSubstr("mode 0750"), HasSubstr("chmod 700"))));
}

TEST_F(DataDirTest, AFileOfThatNameIsRefused) {
  parent_.Write("data", "");
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("no directory")));
}

TEST_F(DataDirTest, AMissingParentIsAnErrorThatNamesThePath) {
  EXPECT_THAT(DataDir::Open(FileSystem::Posix(), parent_.Path("a/b")),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("a/b")));
}

TEST_F(DataDirTest, ASecondUserIsRefusedUntilTheFirstIsGone) {
  {
    const auto first = Open();
    ASSERT_THAT(first, IsOk());
    EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("is in use")));
  }
  EXPECT_THAT(Open(), IsOk());
}

TEST_F(DataDirTest, OneThatHasEndedSaysSo) {
  {
    absl::StatusOr<DataDir> dir = Open();
    ASSERT_THAT(dir, IsOk());
    EXPECT_THAT(dir->CheckNotEnded(), IsOk());
    EXPECT_THAT(dir->MarkEnded(), IsOk());
    EXPECT_THAT(dir->MarkEnded(), IsOk());
  }
  EXPECT_THAT(Open()->CheckNotEnded(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("--drain")));
}

TEST(DataDirCrashTest, TheDirectoryAndItsEndSurviveTheLossOfPower) {
  FaultFileSystem files;
  EXPECT_THAT(DataDir::Open(files, "/data")->MarkEnded(), IsOk());
  const auto after = files.AfterPowerLoss(0);
  const absl::StatusOr<DataDir> dir = DataDir::Open(*after, "/data");
  ASSERT_THAT(dir, IsOk());
  EXPECT_THAT(dir->CheckNotEnded(), StatusIs(absl::StatusCode::kFailedPrecondition, _));
}

}  // namespace
}  // namespace hark::log
