#include <array>
#include <filesystem>
#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "base/file_system.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark {
namespace {

using ::hark::testing::IsOk;
using ::hark::testing::StatusIs;
using ::hark::testing::TempDir;
using ::testing::_;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PosixFileSystemTest : public ::testing::Test {
 protected:
  std::string Content(const std::string& path) {
    const auto file = files_.Open(path, OpenMode::kRead).value();
    std::string bytes(100, '\0');
    bytes.resize(file->ReadAt(0, bytes).value());
    return bytes;
  }

  TempDir dir_;
  FileSystem& files_ = FileSystem::Posix();
};

TEST_F(PosixFileSystemTest, WritesAndReadsAtOffsets) {
  const auto file = files_.Open(dir_.Path("a"), OpenMode::kCreate).value();
  ASSERT_THAT(WriteAll(*file, 0, "hello world"), IsOk());
  ASSERT_THAT(WriteAll(*file, 6, "there"), IsOk());
  ASSERT_THAT(file->Sync(), IsOk());
  EXPECT_EQ(file->Size().value(), 11);
  std::array<char, 20> buffer{};
  EXPECT_EQ(file->ReadAt(6, buffer).value(), 5);
  EXPECT_EQ(std::string(buffer.data(), 5), "there");
}

TEST_F(PosixFileSystemTest, TruncateShortensAFile) {
  const std::string path = dir_.Write("a", "hello");
  ASSERT_THAT(files_.Open(path, OpenMode::kUpdate).value()->Truncate(2), IsOk());
  EXPECT_EQ(Content(path), "he");
}

TEST_F(PosixFileSystemTest, CreateEmptiesAFileAndIsForTheOwnerOnly) {
  const std::string path = dir_.Path("a");
  ASSERT_THAT(WriteAll(*files_.Open(path, OpenMode::kCreate).value(), 0, "old"), IsOk());
  ASSERT_THAT(files_.Open(path, OpenMode::kCreate), IsOk());
  EXPECT_EQ(Content(path), "");
  EXPECT_EQ(files_.Info(path)->permissions & 077U, 0U);
}

TEST_F(PosixFileSystemTest, UpdateAndReadNeedAFile) {
  EXPECT_THAT(files_.Open(dir_.Path("a"), OpenMode::kUpdate),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr(dir_.Path("a"))));
  EXPECT_THAT(files_.Open(dir_.Path("a"), OpenMode::kRead),
              StatusIs(absl::StatusCode::kNotFound, _));
}

TEST_F(PosixFileSystemTest, RenameReplacesAFile) {
  dir_.Write("new", "new");
  dir_.Write("old", "old");
  ASSERT_THAT(files_.Rename(dir_.Path("new"), dir_.Path("old")), IsOk());
  EXPECT_EQ(Content(dir_.Path("old")), "new");
  EXPECT_THAT(files_.List(dir_.Path(""))->size(), 1);
}

TEST_F(PosixFileSystemTest, ListsNamesInOrder) {
  dir_.Write("b", "");
  dir_.Write("a", "");
  EXPECT_THAT(files_.List(dir_.Path("")).value(), ElementsAre("a", "b"));
  ASSERT_THAT(files_.Remove(dir_.Path("a")), IsOk());
  EXPECT_THAT(files_.List(dir_.Path("")).value(), ElementsAre("b"));
  EXPECT_THAT(files_.List(dir_.Path("none")), StatusIs(absl::StatusCode::kNotFound, _));
}

TEST_F(PosixFileSystemTest, ADurableDirectoryMayExist) {
  const std::string path = dir_.Path("made");
  EXPECT_THAT(MakeDurableDirectory(files_, path), IsOk());
  EXPECT_THAT(MakeDurableDirectory(files_, path + "/"), IsOk());
  EXPECT_TRUE(files_.Info(path)->is_directory);
  EXPECT_THAT(files_.MakeDirectory(path), StatusIs(absl::StatusCode::kAlreadyExists, _));
}

TEST_F(PosixFileSystemTest, ALockIsHeldOnce) {
  const std::string path = dir_.Path("lock");
  {
    const auto lock = files_.Lock(path);
    ASSERT_THAT(lock, IsOk());
    EXPECT_THAT(files_.Lock(path),
                StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(path)));
  }
  EXPECT_THAT(files_.Lock(path), IsOk());
}

TEST_F(PosixFileSystemTest, NoSpaceIsResourceExhausted) {
  if (!std::filesystem::exists("/dev/full")) {
    GTEST_SKIP() << "there is no /dev/full here";
  }
  const auto full = files_.Open("/dev/full", OpenMode::kUpdate).value();
  EXPECT_THAT(full->WriteAt(0, "x"), StatusIs(absl::StatusCode::kResourceExhausted, _));
}

}  // namespace
}  // namespace hark
