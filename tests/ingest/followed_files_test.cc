#include "ingest/followed_files.h"

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "ingest/follow_helper.h"

namespace hark::ingest {
namespace {

using ::hark::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class FollowedFilesTest : public FollowTest {
 protected:
  FollowedFiles Entry(const std::string& name, FollowedFiles::From from = FollowedFiles::From::kEnd,
                      FollowedFiles::Past past = {}) {
    return FollowedFiles({.path = Path(name), .cluster = {}, .from = from}, std::move(past),
                         notices_);
  }

  // Names of the sources, without the folder, and what they bring.
  std::map<std::string, std::string> Read(const std::vector<std::unique_ptr<Source>>& sources) {
    std::map<std::string, std::string> texts;
    for (const auto& source : sources) {
      EXPECT_EQ(source->name().rfind(Path(""), 0), 0U) << source->name();
      texts[source->name().substr(Path("").size())] = ReadOn(*source).text;
    }
    return texts;
  }

  using Texts = std::map<std::string, std::string>;
};

TEST_F(FollowedFilesTest, AFileIsReadFromItsEndAtFirst) {
  Append(Line(0));
  FollowedFiles entry = Entry("audit.log");
  const auto sources = entry.Find();
  EXPECT_EQ(Read(sources), (Texts{{"audit.log", ""}}));
  Append(Line(1));
  EXPECT_EQ(Read(sources), (Texts{{"audit.log", Line(1)}}));
  EXPECT_THAT(entry.Find(), IsEmpty());
}

TEST_F(FollowedFilesTest, AFileIsReadFromItsBeginningIfThatIsWanted) {
  Append(Line(0), "audit.log.1");
  Append(Line(1));
  FollowedFiles entry = Entry("audit.log", FollowedFiles::From::kBeginning);
  EXPECT_EQ(Read(entry.Find()), (Texts{{"audit.log", Lines(0, 2)}}));
}

TEST_F(FollowedFilesTest, AFileThatDoesNotExistYetIsASource) {
  FollowedFiles entry = Entry("audit.log");
  const auto sources = entry.Find();
  ASSERT_THAT(sources, SizeIs(1));
  EXPECT_THAT(ReadOn(*sources[0]).status,
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("audit")));
  Append(Line(0));
  EXPECT_EQ(Read(sources), (Texts{{"audit.log", Line(0)}}));
}

TEST_F(FollowedFilesTest, AFolderHasOneSourceForEachLog) {
  Append(Line(0), "a.log.1");
  Append(Line(1), "a.log");
  Append(Line(2), "b-2026-11-23T18-04-22.921.log");
  Compress("b-2026-11-23T18-04-22.921.log");
  std::filesystem::create_directory(Path("c"));
  Append(Line(3), "c/audit.log-20261123");
  Append(Line(4), "c/audit.log");
  FollowedFiles entry = Entry("", FollowedFiles::From::kBeginning);
  EXPECT_EQ(Read(entry.Find()),
            (Texts{{"a.log", Lines(0, 2)}, {"b.log", Line(2)}, {"c/audit.log", Lines(3, 5)}}));
}

TEST_F(FollowedFilesTest, ALogThatAppearsInAFolderIsReadFromItsBeginning) {
  Append(Line(0), "a.log");
  FollowedFiles entry = Entry("");
  EXPECT_EQ(Read(entry.Find()), (Texts{{"a.log", ""}}));
  Append(Line(1), "b.log");
  EXPECT_EQ(Read(entry.Find()), (Texts{{"b.log", Line(1)}}));
}

TEST_F(FollowedFilesTest, APatternGainsFilesAndFolders) {
  Append(Line(0), "a.log");
  FollowedFiles entry = Entry("*.log");
  EXPECT_EQ(Read(entry.Find()), (Texts{{"a.log", ""}}));
  Append(Line(1), "b.txt");
  Append(Line(2), "b.log");
  std::filesystem::create_directory(Path("c.log"));
  Append(Line(3), "c.log/d");
  EXPECT_EQ(Read(entry.Find()), (Texts{{"b.log", Line(2)}, {"c.log/d", Line(3)}}));
}

TEST_F(FollowedFilesTest, APatternMayMatchNothingAtFirst) {
  FollowedFiles entry = Entry("*.log");
  EXPECT_THAT(entry.Find(), IsEmpty());
  EXPECT_THAT(notices_.TakeNew(), IsEmpty());
  Append(Line(0), "a.log");
  EXPECT_EQ(Read(entry.Find()), (Texts{{"a.log", Line(0)}}));
}

TEST_F(FollowedFilesTest, AFolderThatIsMissingIsReported) {
  FollowedFiles entry = Entry("logs/");
  EXPECT_THAT(entry.Find(), IsEmpty());
  EXPECT_THAT(notices_.TakeNew(),
              ElementsAre(StatusIs(absl::StatusCode::kNotFound, HasSubstr(Path("logs")))));
  std::filesystem::create_directory(Path("logs"));
  Append(Line(0), "logs/a");
  EXPECT_THAT(entry.Find(), SizeIs(1));
}

TEST_F(FollowedFilesTest, ARotatedFileIsNoSource) {
  Append(Line(0), "a.log");
  Append(Line(0), "part");
  FollowedFiles entry = Entry("");
  EXPECT_THAT(entry.Find(), SizeIs(2));
  Rename("a.log", "a.log.1");
  Rename("part", "part.1");
  EXPECT_THAT(entry.Find(), IsEmpty());
  Compress("a.log.1");
  Append(Line(1), "a.log");
  EXPECT_THAT(entry.Find(), IsEmpty());
}

TEST_F(FollowedFilesTest, NumberedFilesThatMayCountForwardsAreSourcesOfTheirOwn) {
  Append(Line(0), "part.1");
  Append(Line(1), "part.2");
  FollowedFiles entry = Entry("", FollowedFiles::From::kBeginning);
  EXPECT_EQ(Read(entry.Find()), (Texts{{"part.1", Line(0)}, {"part.2", Line(1)}}));
}

TEST_F(FollowedFilesTest, OfTwoNamesOfAFileOneIsTaken) {
  Append(Line(0), "b.log");
  FollowedFiles entry = Entry("");
  EXPECT_THAT(entry.Find(), SizeIs(1));
  std::filesystem::create_symlink(Path("b.log"), Path("a.log"));
  EXPECT_THAT(entry.Find(), IsEmpty());
}

TEST_F(FollowedFilesTest, AnEarlierRunIsGoneOnWith) {
  Append(Lines(0, 2), "a.log");
  FollowedFiles entry = Entry("", FollowedFiles::From::kBeginning);
  const auto sources = entry.Find();
  Read(sources);
  Append(Line(2), "a.log");
  Append(Line(3), "b.log");
  FollowedFiles later =
      Entry("", FollowedFiles::From::kEnd,
            {.knows_entry = true, .cursors = {{sources[0]->name(), sources[0]->cursor()}}});
  EXPECT_EQ(Read(later.Find()), (Texts{{"a.log", Line(2)}, {"b.log", Line(3)}}));
}

TEST_F(FollowedFilesTest, ADamagedCursorIsReportedAndTheLogReadFromItsBeginning) {
  Append(Line(0), "a.log");
  FollowedFiles entry = Entry("a.log", FollowedFiles::From::kEnd,
                              {.knows_entry = true, .cursors = {{Path("a.log"), "nonsense"}}});
  EXPECT_EQ(Read(entry.Find()), (Texts{{"a.log", Line(0)}}));
  EXPECT_THAT(notices_.TakeNew(),
              ElementsAre(StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("nonsense"))));
}

TEST_F(FollowedFilesTest, ASourceThatWasGivenUpMayComeBack) {
  Append(Line(0), "a.log");
  FollowedFiles folder = Entry("");
  FollowedFiles file = Entry("a.log");
  EXPECT_THAT(folder.Find(), SizeIs(1));
  EXPECT_THAT(file.Find(), SizeIs(1));
  Remove("a.log");
  for (FollowedFiles* const entry : {&folder, &file}) {
    entry->Forget(Path("a.log"));
    EXPECT_THAT(entry->Find(), IsEmpty());
  }
  Append(Line(1), "a.log");
  for (FollowedFiles* const entry : {&folder, &file}) {
    EXPECT_EQ(Read(entry->Find()), (Texts{{"a.log", Line(1)}}));
  }
}

TEST_F(FollowedFilesTest, TheClusterIsPartOfTheName) {
  Append(Line(0), "a.log");
  FollowedFiles entry({.path = Path("a.log"), .cluster = "prod"}, {}, notices_);
  const auto sources = entry.Find();
  ASSERT_THAT(sources, SizeIs(1));
  EXPECT_EQ(sources[0]->name(), "prod=" + Path("a.log"));
  EXPECT_EQ(sources[0]->cluster(), "prod");
}

TEST_F(FollowedFilesTest, AFileThatIsEmptyAtFirstIsFollowed) {
  Append("", "a.log");
  FollowedFiles entry = Entry("");
  const auto sources = entry.Find();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(Read(sources), (Texts{{"a.log", ""}}));
  }
  Append(Line(0), "a.log");
  EXPECT_EQ(Read(sources), (Texts{{"a.log", Line(0)}}));
}

}  // namespace
}  // namespace hark::ingest
