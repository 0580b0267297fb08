#include "alert/file_output.h"

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "alert/alert_json.h"
#include "support/sample_alert.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::alert {
namespace {

using ::hark::testing::IsOk;
using ::hark::testing::SampleAlert;
using ::hark::testing::StatusIs;
using ::hark::testing::TempDir;
using ::testing::_;
using ::testing::HasSubstr;

std::string TextOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

class FileOutputTest : public ::testing::Test {
 protected:
  std::unique_ptr<FileOutput> Open() const {
    absl::StatusOr<std::unique_ptr<FileOutput>> output = FileOutput::Open(Path());
    EXPECT_THAT(output, IsOk());
    return *std::move(output);
  }
  // What the file holds once a line was appended to `before`.
  std::string AppendedTo(std::string_view before) const {
    folder_.Write("alerts.jsonl", before);
    const std::unique_ptr<FileOutput> output = Open();
    EXPECT_THAT(output->WriteLine("new"), IsOk());
    EXPECT_THAT(output->Flush(), IsOk());
    return TextOf(Path());
  }
  std::string Path() const { return folder_.Path("alerts.jsonl"); }

  TempDir folder_;
};

TEST_F(FileOutputTest, AnAlertIsALineAsReplayPrintsIt) {
  const std::unique_ptr<FileOutput> output = Open();
  ASSERT_THAT(output->Write(SampleAlert()), IsOk());
  ASSERT_THAT(output->WriteLine(ToJson(SampleAlert())), IsOk());
  ASSERT_THAT(output->Flush(), IsOk());
  EXPECT_EQ(TextOf(Path()), ToJson(SampleAlert()) + "\n" + ToJson(SampleAlert()) + "\n");
}

TEST_F(FileOutputTest, WhatIsThereStays) {
  EXPECT_EQ(AppendedTo("old\n"), "old\nnew\n");
  EXPECT_EQ(AppendedTo(""), "new\n");
}

TEST_F(FileOutputTest, HalfAnAlertIsCutOff) {
  const std::string alert = ToJson(SampleAlert());
  EXPECT_EQ(AppendedTo("old\n{"), "old\nnew\n");
  EXPECT_EQ(AppendedTo("old\n" + alert.substr(0, 30)), "old\nnew\n");
  EXPECT_EQ(AppendedTo("old\n" + alert), "old\nnew\n");  // only its line end is missing
  EXPECT_EQ(AppendedTo(alert.substr(0, 200)), "new\n");
}

TEST_F(FileOutputTest, ALongHalfLineIsCutOff) {
  EXPECT_EQ(AppendedTo("old\n{\"schema\":\"hark.alert/v1\"" + std::string(1 << 20, 'x')),
            "old\nnew\n");
}

TEST_F(FileOutputTest, AnUnfinishedLineOfSomebodyElseGetsItsEnd) {
  EXPECT_EQ(AppendedTo("# my notes"), "# my notes\nnew\n");
  EXPECT_EQ(AppendedTo("{\"other\":1"), "{\"other\":1\nnew\n");
}

TEST_F(FileOutputTest, AFileThatWasRenamedIsLeftWhenAskedFor) {
  const std::unique_ptr<FileOutput> output = Open();
  ASSERT_THAT(output->WriteLine("one"), IsOk());
  std::filesystem::rename(Path(), folder_.Path("alerts.jsonl.1"));
  ASSERT_THAT(output->WriteLine("two"), IsOk());
  output->RequestReopen();
  ASSERT_THAT(output->WriteLine("three"), IsOk());
  ASSERT_THAT(output->Flush(), IsOk());
  EXPECT_EQ(TextOf(folder_.Path("alerts.jsonl.1")), "one\ntwo\n");
  EXPECT_EQ(TextOf(Path()), "three\n");
}

TEST_F(FileOutputTest, APathThatCannotBeOpenedIsAnErrorThatNamesIt) {
  const std::string path = folder_.Path("missing/alerts.jsonl");
  EXPECT_THAT(FileOutput::Open(path), StatusIs(absl::StatusCode::kNotFound, HasSubstr(path)));
}

TEST_F(FileOutputTest, AReopenThatFailedIsTriedAgain) {
  const std::string folder = folder_.Path("logs");
  std::filesystem::create_directory(folder);
  absl::StatusOr<std::unique_ptr<FileOutput>> output = FileOutput::Open(folder + "/alerts.jsonl");
  ASSERT_THAT(output, IsOk());
  std::filesystem::rename(folder, folder + ".old");
  (*output)->RequestReopen();
  EXPECT_THAT((*output)->WriteLine("one"), StatusIs(absl::StatusCode::kNotFound, _));
  EXPECT_THAT((*output)->WriteLine("one"), StatusIs(absl::StatusCode::kNotFound, _));
  std::filesystem::create_directory(folder);
  EXPECT_THAT((*output)->WriteLine("one"), IsOk());
  EXPECT_THAT((*output)->Flush(), IsOk());
  EXPECT_EQ(TextOf(folder + "/alerts.jsonl"), "one\n");
}

TEST_F(FileOutputTest, AFullDiskIsAnErrorAndTheFileIsGoodAgainWhenThereIsSpace) {
  if (!std::filesystem::exists("/dev/full")) {
    GTEST_SKIP() << "there is no /dev/full";
  }
  std::filesystem::create_symlink("/dev/full", Path());
  const std::unique_ptr<FileOutput> output = Open();
  ASSERT_THAT(output->WriteLine("lost"), IsOk());  // still in the buffer
  EXPECT_THAT(output->Flush(), StatusIs(absl::StatusCode::kResourceExhausted, _));
  std::filesystem::remove(Path());
  folder_.Write("alerts.jsonl", "old\n{\"schema\":\"hark");  // as a full disk leaves it
  EXPECT_THAT(output->WriteLine("again"), IsOk());
  EXPECT_THAT(output->Flush(), IsOk());
  EXPECT_EQ(TextOf(Path()), "old\nagain\n");
}

TEST_F(FileOutputTest, OthersMayNotReadANewFile) {
  Open();
  struct stat status {};
  ASSERT_EQ(stat(Path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0007, 0U);
}

}  // namespace
}  // namespace hark::alert
