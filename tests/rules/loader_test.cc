#include "rules/loader.h"

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::rules {
namespace {

namespace fs = std::filesystem;

using ::hark::testing::IsOk;
using ::hark::testing::StatusIs;
using ::hark::testing::TempDir;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;

class ReadRuleFilesTest : public ::testing::Test {
 protected:
  // The files that are found, named relative to the folder of the test.
  std::vector<std::string> Names(const std::vector<std::string>& paths) {
    const auto files = ReadRuleFiles(paths);
    EXPECT_THAT(files, IsOk());
    std::vector<std::string> names;
    for (const RuleFile& file : *files) {
      names.push_back(fs::path(file.path).lexically_relative(folder_.Path("")).string());
    }
    return names;
  }

  TempDir folder_;
};

TEST_F(ReadRuleFilesTest, FoldersAreReadRecursivelyAndSorted) {
  folder_.Write("b.yml", "");
  folder_.Write("c/a.yaml", "");
  folder_.Write("a.yml", "");
  folder_.Write("readme.md", "");
  EXPECT_THAT(Names({folder_.Path("")}), ElementsAre("a.yml", "b.yml", "c/a.yaml"));
}

TEST_F(ReadRuleFilesTest, AFileIsReadWhateverItsName) {
  folder_.Write("rule.txt", "text");
  EXPECT_THAT(*ReadRuleFiles({folder_.Path("rule.txt")}),
              ElementsAre(Field(&RuleFile::content, "text")));
}

TEST_F(ReadRuleFilesTest, AFileThatIsNamedTwiceIsReadOnce) {
  folder_.Write("a.yml", "");
  EXPECT_THAT(Names({folder_.Path("a.yml"), folder_.Path("a.yml")}), ElementsAre("a.yml"));
}

TEST_F(ReadRuleFilesTest, TheHiddenFoldersOfAMountedVolumeAreLeftOut) {
  folder_.Write("..2026_11_23/a.yml", "text");
  fs::create_directory_symlink("..2026_11_23", folder_.Path("..data"));
  fs::create_symlink("..data/a.yml", folder_.Path("a.yml"));
  EXPECT_THAT(Names({folder_.Path("")}), ElementsAre("a.yml"));
}

TEST_F(ReadRuleFilesTest, WhatDoesNotExistIsAnError) {
  EXPECT_THAT(ReadRuleFiles({folder_.Path("none.yml")}),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("none.yml")));
}

TEST(ShippedRulesTest, LoadWithoutErrorsAndWarnings) {
  Diagnostics diagnostics;
  EXPECT_NE(LoadRules(ShippedRules(), diagnostics), nullptr);
  EXPECT_EQ(diagnostics.Format(ShippedRules()), "");
}

TEST(ShippedRulesTest, AreNamedByTheirPlaceAndSorted) {
  std::string before;
  for (const RuleFile& file : ShippedRules()) {
    EXPECT_TRUE(file.path.starts_with("rules/")) << file.path;
    EXPECT_LT(before, file.path);
    before = file.path;
  }
}

}  // namespace
}  // namespace hark::rules
