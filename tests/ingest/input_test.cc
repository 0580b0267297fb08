#include "ingest/input.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "ingest/file_stream.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::ingest {
namespace {

using ::hark::testing::IsOk;
using ::hark::testing::StatusIs;
using ::hark::testing::TempDir;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(InputTest, APathHasNoCluster) {
  const InputArgument input = ParseInputArgument("/var/log/audit.log");
  EXPECT_EQ(input.path, "/var/log/audit.log");
  EXPECT_EQ(input.cluster, "");
}

TEST(InputTest, ANameBeforeThePathIsTheCluster) {
  const InputArgument input = ParseInputArgument("prod=/var/log/audit.log");
  EXPECT_EQ(input.path, "/var/log/audit.log");
  EXPECT_EQ(input.cluster, "prod");
  EXPECT_EQ(input.text, "prod=/var/log/audit.log");
}

TEST(InputTest, StandardInputMayHaveAName) {
  EXPECT_TRUE(ParseInputArgument("prod=-").is_stdin());
  EXPECT_TRUE(ParseInputArgument("-").is_stdin());
}

TEST(InputTest, APathThatExistsAsWrittenIsNotSplit) {
  const TempDir dir;
  const std::string path = dir.Write("a=b.log", "");
  EXPECT_EQ(ParseInputArgument(path).path, path);
}

TEST(InputTest, AnEqualsSignAfterASlashBelongsToThePath) {
  EXPECT_EQ(ParseInputArgument("/no/such/day=1/audit.log").path, "/no/such/day=1/audit.log");
}

TEST(InputTest, AFileIsReadUnderItsNameAndCluster) {
  const TempDir dir;
  const std::string path = dir.Write("audit.log", "one\ntwo\n");
  std::vector<absl::Status> errors;
  const auto sources = OpenInputs({ParseInputArgument("prod=" + path)}, nullptr, errors);
  ASSERT_THAT(sources, SizeIs(1));
  EXPECT_THAT(errors, IsEmpty());
  EXPECT_EQ(sources[0]->name(), "prod=" + path);
  EXPECT_EQ(sources[0]->cluster(), "prod");
  EXPECT_EQ(sources[0]->size_hint(), 8);
  RecordBatch batch;
  ASSERT_THAT(sources[0]->Read(100, batch), IsOk());
  EXPECT_EQ(batch.data, "one\ntwo\n");
}

TEST(InputTest, TheSameFileTwiceIsTwoSources) {
  const TempDir dir;
  const InputArgument input = ParseInputArgument(dir.Write("audit.log", ""));
  std::vector<absl::Status> errors;
  const auto sources = OpenInputs({input, input}, nullptr, errors);
  ASSERT_THAT(sources, SizeIs(2));
  EXPECT_EQ(sources[1]->name(), input.path + "#2");
}

TEST(InputTest, AMissingFileIsNamedAndTheOthersAreOpened) {
  const TempDir dir;
  std::vector<absl::Status> errors;
  const auto sources = OpenInputs(
      {ParseInputArgument(dir.Path("missing.log")), ParseInputArgument(dir.Write("audit.log", ""))},
      nullptr, errors);
  EXPECT_THAT(sources, SizeIs(1));
  EXPECT_THAT(errors,
              ElementsAre(StatusIs(absl::StatusCode::kNotFound,
                                   AllOf(HasSubstr("missing.log"), HasSubstr("No such file")))));
}

TEST(InputTest, AFolderIsNoFile) {
  const TempDir dir;
  std::vector<absl::Status> errors;
  EXPECT_THAT(OpenInputs({ParseInputArgument(dir.Path(""))}, nullptr, errors), IsEmpty());
  EXPECT_THAT(errors, ElementsAre(StatusIs(absl::StatusCode::kFailedPrecondition,
                                           HasSubstr("Is a directory"))));
}

TEST(InputTest, OnlyARegularFileCanBeReadTwice) {
  const TempDir dir;
  EXPECT_TRUE(IsRegularFile(dir.Write("audit.log", "")));
  EXPECT_FALSE(IsRegularFile(dir.Path("")));
  EXPECT_FALSE(IsRegularFile(dir.Path("missing")));
  EXPECT_FALSE(IsRegularFile("-"));
}

}  // namespace
}  // namespace hark::ingest
