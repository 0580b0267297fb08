#include "ingest/input.h"

#include <sys/stat.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "ingest/file_stream.h"
#include "support/open_descriptors.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::ingest {
namespace {

using ::hark::testing::OpenDescriptors;
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

// Inputs as a user gives them, and what comes of them.
class OpenInputsTest : public ::testing::Test {
 protected:
  void Open(const std::vector<std::string>& arguments) {
    std::vector<InputArgument> inputs;
    for (const std::string& argument : arguments) {
      inputs.push_back(ParseInputArgument(argument));
    }
    sources_ = OpenInputs(inputs, nullptr, errors_);
  }

  // Names of the sources, the folder of the test left out.
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& source : sources_) {
      std::string name = source->name();
      if (const std::size_t folder = name.find(dir_.Path("")); folder != std::string::npos) {
        name.erase(folder, dir_.Path("").size());
      }
      names.push_back(name);
    }
    return names;
  }

  static std::string Content(Source& source) {
    std::string content;
    RecordBatch batch;
    while (source.Read(100, batch).ok() && !batch.at_end()) {
      content += batch.data;
    }
    return content;
  }

  const TempDir dir_;
  InputErrors errors_;
  std::vector<std::unique_ptr<Source>> sources_;
};

TEST_F(OpenInputsTest, AFileIsReadUnderItsNameAndCluster) {
  const std::string path = dir_.Write("audit.log", "one\ntwo\n");
  Open({"prod=" + path});
  ASSERT_THAT(sources_, SizeIs(1));
  EXPECT_THAT(errors_.TakeNew(), IsEmpty());
  EXPECT_EQ(sources_[0]->name(), "prod=" + path);
  EXPECT_EQ(sources_[0]->cluster(), "prod");
  EXPECT_EQ(sources_[0]->size_hint(), 8);
  EXPECT_EQ(Content(*sources_[0]), "one\ntwo\n");
}

TEST_F(OpenInputsTest, AFileThatIsNamedTwiceIsReadOnce) {
  const std::string path = dir_.Write("audit.log", "one\n");
  std::filesystem::create_symlink(path, dir_.Path("link.log"));
  Open({path, path, dir_.Path("link.log"), dir_.Path("")});
  EXPECT_THAT(Names(), ElementsAre("audit.log"));
  EXPECT_THAT(errors_.TakeNew(), IsEmpty());
}

TEST_F(OpenInputsTest, AFileOfTwoClustersIsReadForEach) {
  const std::string path = dir_.Write("audit.log", "one\n");
  Open({"a=" + path, "b=" + path});
  EXPECT_THAT(Names(), ElementsAre("a=audit.log", "b=audit.log"));
}

TEST_F(OpenInputsTest, AMissingFileIsNamedAndTheOthersAreOpened) {
  Open({dir_.Path("missing.log"), dir_.Write("audit.log", "")});
  EXPECT_THAT(sources_, SizeIs(1));
  EXPECT_THAT(errors_.TakeNew(),
              ElementsAre(StatusIs(absl::StatusCode::kNotFound,
                                   AllOf(HasSubstr("missing.log"), HasSubstr("No such file")))));
}

TEST_F(OpenInputsTest, AFolderIsItsFilesAndThoseOfItsFolders) {
  dir_.Write("b.json", "b\n");
  dir_.Write("a/z.json", "z\n");
  dir_.Write("a/deep/er/y.json", "y\n");
  Open({"prod=" + dir_.Path("")});
  EXPECT_THAT(Names(), ElementsAre("prod=a/deep/er/y.json", "prod=a/z.json", "prod=b.json"));
  EXPECT_EQ(sources_[0]->cluster(), "prod");
}

TEST_F(OpenInputsTest, HiddenFilesAndWhatIsNoFileAreLeftOutOfAFolder) {
  dir_.Write("audit.json", "");
  dir_.Write(".hidden", "");
  dir_.Write(".git/config", "");
  dir_.Write("lost+found/#12", "");
  ASSERT_EQ(mkfifo(dir_.Path("pipe").c_str(), 0600), 0);
  Open({dir_.Path("")});
  EXPECT_THAT(Names(), ElementsAre("audit.json"));
}

TEST_F(OpenInputsTest, LinksToFilesAreFollowedAndLinksToFoldersAreNot) {
  const TempDir elsewhere;
  std::filesystem::create_symlink(elsewhere.Write("file", ""), dir_.Path("link.json"));
  std::filesystem::create_directory_symlink(dir_.Path(""), dir_.Path("loop"));
  std::filesystem::create_symlink("nowhere", dir_.Path("dangling"));
  Open({dir_.Path("")});
  EXPECT_THAT(Names(), ElementsAre("link.json"));
  EXPECT_THAT(errors_.TakeNew(), IsEmpty());
}

TEST_F(OpenInputsTest, AFolderWithoutFilesIsAnError) {
  std::filesystem::create_directory(dir_.Path("empty"));
  Open({dir_.Path("empty")});
  EXPECT_THAT(sources_, IsEmpty());
  EXPECT_THAT(errors_.TakeNew(),
              ElementsAre(StatusIs(absl::StatusCode::kNotFound, HasSubstr("empty names no file"))));
}

TEST_F(OpenInputsTest, APatternIsTheFilesThatMatchIt) {
  dir_.Write("a1.json", "");
  dir_.Write("a2.json", "");
  dir_.Write("b1.json", "");
  dir_.Write("a3/inside.json", "");
  Open({"prod=" + dir_.Path("a[0-9]*")});
  EXPECT_THAT(Names(), ElementsAre("prod=a1.json", "prod=a2.json", "prod=a3/inside.json"));
}

TEST_F(OpenInputsTest, APatternThatMatchesNothingIsAnErrorThatNamesIt) {
  Open({dir_.Path("*.json")});
  EXPECT_THAT(errors_.TakeNew(), ElementsAre(StatusIs(absl::StatusCode::kNotFound,
                                                      HasSubstr("*.json names no file"))));
}

TEST_F(OpenInputsTest, APathThatExistsAsWrittenIsNoPattern) {
  const std::string path = dir_.Write("a[1].json", "brackets\n");
  dir_.Write("a1.json", "none\n");
  Open({path});
  EXPECT_THAT(Names(), ElementsAre("a[1].json"));
}

TEST_F(OpenInputsTest, ARotatedLogIsOneSourceInItsOrder) {
  dir_.Write("audit.log", "now\n");
  dir_.Write("audit-2026-11-23T18-04-22.921.log", "second\n");
  dir_.Write("audit-2026-11-22T18-04-22.921.log", "first\n");
  Open({"prod=" + dir_.Path("")});
  ASSERT_THAT(Names(), ElementsAre("prod=audit.log"));
  EXPECT_EQ(Content(*sources_[0]), "first\nsecond\nnow\n");
  EXPECT_EQ(sources_[0]->size_hint(), 17);
}

TEST_F(OpenInputsTest, ARotatedLogMayBeNamedFileByFile) {
  const std::string now = dir_.Write("audit.log", "now\n");
  const std::string first = dir_.Write("audit-2026-11-22T18-04-22.921.log", "first\n");
  Open({now, first});
  ASSERT_THAT(Names(), ElementsAre("audit.log"));
  EXPECT_EQ(Content(*sources_[0]), "first\nnow\n");
}

TEST_F(OpenInputsTest, ANamedPipeIsOpenedAtOnceAndCannotBeReadTwice) {
  const std::string path = dir_.Path("pipe");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  std::thread writer([&path] { std::ofstream(path) << "one\n"; });
  Open({path});
  writer.join();
  ASSERT_THAT(sources_, SizeIs(1));
  EXPECT_FALSE(sources_[0]->Rewind());
  EXPECT_EQ(Content(*sources_[0]), "one\n");
}

TEST_F(OpenInputsTest, AFileThatVanishesIsAnErrorWhenItIsRead) {
  const std::string path = dir_.Write("gone.json", "one\n");
  Open({dir_.Path("")});
  std::filesystem::remove(path);
  ASSERT_THAT(sources_, SizeIs(1));
  RecordBatch batch;
  EXPECT_THAT(sources_[0]->Read(100, batch),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("gone.json")));
}

TEST_F(OpenInputsTest, SourcesThatAreNotReadHoldNoDescriptor) {
  for (int i = 0; i < 50; ++i) {
    dir_.Write(absl::StrFormat("%d.json", i), "one\n");
  }
  const std::size_t before = OpenDescriptors();
  Open({dir_.Path("")});
  EXPECT_THAT(sources_, SizeIs(50));
  EXPECT_EQ(OpenDescriptors(), before);
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
