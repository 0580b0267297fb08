#include "ingest/file_source.h"

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/open_descriptors.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::ingest {
namespace {

using ::hark::testing::IsOk;
using ::hark::testing::OpenDescriptors;
using ::hark::testing::StatusIs;
using ::hark::testing::TempDir;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class FileSourceTest : public ::testing::Test {
 protected:
  FileSource SourceOf(std::vector<std::string> paths) {
    return FileSource({.name = "prod=audit.log", .cluster = "prod"},
                      {.paths = std::move(paths), .size = 7}, nullptr, errors_);
  }
  // The next batch of one record.
  std::string Next(FileSource& source) {
    EXPECT_THAT(source.Read(1, batch_), IsOk());
    return std::string(batch_.data);
  }

  const TempDir dir_;
  InputErrors errors_;
  RecordBatch batch_;
};

TEST_F(FileSourceTest, SaysWhatItWasToldOfTheFiles) {
  const FileSource source = SourceOf({dir_.Path("missing")});
  EXPECT_EQ(source.name(), "prod=audit.log");
  EXPECT_EQ(source.cluster(), "prod");
  EXPECT_EQ(source.size_hint(), 7);
}

TEST_F(FileSourceTest, IsOpenFromTheFirstReadToTheEnd) {
  const std::size_t before = OpenDescriptors();
  FileSource source = SourceOf({dir_.Write("a", "{1}\n{2}\n")});
  EXPECT_EQ(OpenDescriptors(), before);
  EXPECT_EQ(Next(source), "{1}\n");
  EXPECT_EQ(OpenDescriptors(), before + 1);
  EXPECT_EQ(Next(source), "{2}\n");
  EXPECT_EQ(Next(source), "");
  EXPECT_TRUE(batch_.at_end());
  EXPECT_EQ(OpenDescriptors(), before);
}

TEST_F(FileSourceTest, TheEndStaysTheEnd) {
  FileSource source = SourceOf({dir_.Write("a", "{1}\n")});
  EXPECT_EQ(Next(source), "{1}\n");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Next(source), "");
    EXPECT_TRUE(batch_.at_end());
    EXPECT_EQ(batch_.end_offset(), 4);
  }
}

TEST_F(FileSourceTest, RewindClosesItAndBeginsAgain) {
  FileSource source = SourceOf({dir_.Write("a", "{1}\n{2}\n")});
  const std::size_t before = OpenDescriptors();
  EXPECT_EQ(Next(source), "{1}\n");
  EXPECT_TRUE(source.Rewind());
  EXPECT_EQ(OpenDescriptors(), before);
  EXPECT_EQ(Next(source), "{1}\n");
  EXPECT_EQ(batch_.offset, 0);
  EXPECT_EQ(Next(source), "{2}\n");
  EXPECT_EQ(Next(source), "");
  EXPECT_TRUE(source.Rewind());
  EXPECT_EQ(Next(source), "{1}\n");
}

TEST_F(FileSourceTest, ASeriesIsReadFileByFile) {
  FileSource source = SourceOf({dir_.Write("a", "{1}"), dir_.Write("b", "{2}\n")});
  EXPECT_EQ(Next(source), "{1}");
  EXPECT_EQ(Next(source), "{2}\n");
  EXPECT_EQ(batch_.end_offset(), 8);
  EXPECT_EQ(Next(source), "");
}

TEST_F(FileSourceTest, AFileThatIsGoneIsAnErrorAndThenTheEnd) {
  FileSource source = SourceOf({dir_.Path("gone")});
  EXPECT_THAT(source.Read(1, batch_), StatusIs(absl::StatusCode::kNotFound, HasSubstr("gone")));
  EXPECT_EQ(Next(source), "");
  EXPECT_TRUE(batch_.at_end());
}

TEST_F(FileSourceTest, AFolderInPlaceOfTheFileIsAnError) {
  std::filesystem::create_directory(dir_.Path("folder"));
  FileSource source = SourceOf({dir_.Path("folder")});
  EXPECT_THAT(source.Read(1, batch_),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("folder")));
}

TEST_F(FileSourceTest, AFileOfASeriesThatIsGoneIsToldAndTheOthersAreRead) {
  FileSource source = SourceOf({dir_.Path("gone"), dir_.Write("b", "{2}\n")});
  EXPECT_EQ(Next(source), "{2}\n");
  EXPECT_THAT(errors_.TakeNew(), SizeIs(1));
}

}  // namespace
}  // namespace hark::ingest
