#include "pipeline/rule_archive.h"

#include <fstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "base/diagnostics.h"
#include "support/temp_dir.h"

namespace hark::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<rules::RuleFile> Files(const std::string& title, const std::string& verb = "get") {
  return {{.path = "r.yml",
           .content = "title: " + title +
                      "\nid: 11111111-2222-4333-8444-555555555555\nname: r\n"
                      "logsource: {product: kubernetes, service: audit}\n"
                      "detection:\n  selection: {verb: " +
                      verb + "}\n  condition: selection\nlevel: medium\n"}};
}

std::string IdOf(const std::vector<rules::RuleFile>& files) {
  Diagnostics diagnostics;
  const auto rules = rules::LoadRules(files, diagnostics);
  return rules == nullptr ? "" : RuleSetId(*rules, files);
}

class RuleArchiveTest : public ::testing::Test {
 protected:
  RuleArchive Open() {
    auto archive = RuleArchive::Open(FileSystem::Posix(), folder_.Path("rules"));
    EXPECT_TRUE(archive.ok()) << archive.status();
    return *std::move(archive);
  }

  hark::testing::TempDir folder_;
};

TEST_F(RuleArchiveTest, GivesTheRulesBackThatItKeeps) {
  const std::string id = IdOf(Files("A"));
  ASSERT_TRUE(Open().Keep(id, Files("A")).ok());
  const auto rules = Open().Load(id);
  ASSERT_TRUE(rules.ok()) << rules.status();
  EXPECT_EQ((*rules)->alert_rules.at(0).info.title, "A");
}

TEST_F(RuleArchiveTest, TextsThatDifferHaveIdsThatDiffer) {
  EXPECT_NE(IdOf(Files("A")), IdOf(Files("B")));
  EXPECT_NE(IdOf(Files("A")), IdOf(Files("A", "list")));
  EXPECT_EQ(IdOf(Files("A")), IdOf(Files("A")));
}

TEST_F(RuleArchiveTest, WhatIsNotThereIsNotFound) {
  EXPECT_EQ(Open().Load(IdOf(Files("A"))).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(RuleArchiveTest, DamageIsNamed) {
  const std::string id = IdOf(Files("A"));
  ASSERT_TRUE(Open().Keep(id, Files("A")).ok());
  std::fstream file(folder_.Path("rules/" + id + ".rules"));
  file.seekp(40);
  file.put('!');
  file.close();
  const auto rules = Open().Load(id);
  EXPECT_EQ(rules.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(rules.status().message()), HasSubstr(id));
}

TEST_F(RuleArchiveTest, RulesThatThisProgramReadsInAnotherWayAreRefused) {
  const std::string id = IdOf(Files("A"));
  ASSERT_TRUE(Open().Keep(id, Files("A", "list")).ok());
  EXPECT_EQ(Open().Load(id).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(RuleArchiveTest, RemovesWhatIsNotNeeded) {
  RuleArchive archive = Open();
  const std::string a = IdOf(Files("A"));
  const std::string b = IdOf(Files("B"));
  ASSERT_TRUE(archive.Keep(a, Files("A")).ok());
  ASSERT_TRUE(archive.Keep(b, Files("B")).ok());
  archive.RemoveAllBut({b});
  EXPECT_THAT(*archive.Ids(), ElementsAre(b));
  archive.RemoveAllBut({});
  EXPECT_THAT(*archive.Ids(), IsEmpty());
}

}  // namespace
}  // namespace hark::pipeline
