#include "ingest/rotated_files.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::ingest {
namespace {

using ::hark::testing::IsOk;
using ::hark::testing::TempDir;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct File {
  std::string path;
  std::int64_t modified = 0;
};

std::vector<std::string> Sorted(const std::vector<File>& files) {
  std::vector<FoundFile> found;
  found.reserve(files.size());
  for (const File& file : files) {
    found.push_back({.path = file.path, .info = {.modified = file.modified}});
  }
  SortRotated(found);
  std::vector<std::string> paths;
  paths.reserve(found.size());
  for (const FoundFile& file : found) {
    paths.push_back(file.path);
  }
  return paths;
}

TEST(RotatedFilesTest, TheHighestNumberIsTheOldest) {
  EXPECT_THAT(Sorted({{"a.log.1"}, {"a.log.10.gz"}, {"a.log.2"}}),
              ElementsAre("a.log.10.gz", "a.log.2", "a.log.1"));
}

TEST(RotatedFilesTest, OfAFileAndItsCompressedCopyThePlainOneIsTaken) {
  EXPECT_THAT(Sorted({{"a.log.1.gz"}, {"a.log.1"}, {"a.log.2.gz"}}),
              ElementsAre("a.log.2.gz", "a.log.1"));
}

TEST(RotatedFilesTest, AmongWaysOfNamingTheTimeOfTheLastWriteDecides) {
  EXPECT_THAT(Sorted({{"a.log.1", 20},
                      {"a.log.2", 40},
                      {"a.log-20261123", 30},
                      {"a-2026-11-23T18-04-22.921.log", 10}}),
              ElementsAre("a-2026-11-23T18-04-22.921.log", "a.log-20261123", "a.log.2", "a.log.1"));
}

TEST(RotatedFilesTest, TheCurrentFileInItsCompressedFormIsTheNewest) {
  EXPECT_THAT(Sorted({{"a.log.gz", 10}, {"a.log.1", 20}}), ElementsAre("a.log.1", "a.log.gz"));
}

TEST(RotatedFilesTest, ACurrentPathIsThatOfTheFamily) {
  const auto is_log = [](const std::string& current) { return current == "/x/known"; };
  EXPECT_EQ(CurrentPathOf("/x/a-2026-11-23T18-04-22.921.log.gz", is_log), "/x/a.log");
  EXPECT_EQ(CurrentPathOf("/x/a.log.3", is_log), "/x/a.log");
  EXPECT_EQ(CurrentPathOf("a.log.gz", is_log), "a.log");
  EXPECT_EQ(CurrentPathOf("/x/part.3", is_log), "/x/part.3");
  EXPECT_EQ(CurrentPathOf("/x/known.3", is_log), "/x/known");
}

TEST(RotatedFilesTest, OtherLogsOfTheFolderAreLeftOut) {
  const TempDir dir;
  dir.Write("audit.log", "");
  dir.Write("audit.log.1", "");
  dir.Write("audit.log.1.txt", "");
  dir.Write("audit2.log.1", "");
  dir.Write("audit-x.log", "");
  const absl::StatusOr<SeriesFiles> files = ListSeries(dir.Path("audit.log"));
  ASSERT_THAT(files, IsOk());
  EXPECT_TRUE(files->current.has_value());
  ASSERT_EQ(files->rotated.size(), 1U);
  EXPECT_EQ(files->rotated[0].path, dir.Path("audit.log.1"));
}

TEST(RotatedFilesTest, ARotatedFileHasNoneItself) {
  const TempDir dir;
  dir.Write("audit.log.1", "");
  dir.Write("audit.log.2", "");
  const absl::StatusOr<SeriesFiles> files = ListSeries(dir.Path("audit.log.1"));
  ASSERT_THAT(files, IsOk());
  EXPECT_THAT(files->rotated, IsEmpty());
}

TEST(RotatedFilesTest, AFolderThatDoesNotExistHasNone) {
  const absl::StatusOr<SeriesFiles> files = ListSeries("/nowhere/audit.log");
  ASSERT_THAT(files, IsOk());
  EXPECT_FALSE(files->current.has_value());
  EXPECT_THAT(files->rotated, IsEmpty());
}

}  // namespace
}  // namespace hark::ingest
