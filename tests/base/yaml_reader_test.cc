#include "base/yaml_reader.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hark {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string ErrorsOf(const std::string& yaml) {
  Diagnostics diagnostics;
  ReadYaml({"r.yml", yaml}, diagnostics);
  return diagnostics.Format({});
}

std::vector<YamlNode> Read(const std::string& yaml) {
  Diagnostics diagnostics;
  std::vector<YamlNode> nodes = ReadYaml({"r.yml", yaml}, diagnostics);
  EXPECT_THAT(diagnostics.all(), IsEmpty());
  return nodes;
}

TEST(YamlReaderTest, ReadsEveryDocumentOfAStream) {
  EXPECT_THAT(Read("a: 1\n---\nb: 2\n"), SizeIs(2));
  EXPECT_THAT(Read(""), IsEmpty());
}

TEST(YamlReaderTest, NodesKnowTheirPlace) {
  const std::vector<YamlNode> nodes = Read("a:\n  b: [x, yy]\n");
  const YamlNode& item = nodes[0].Find("a")->Find("b")->items[1];
  EXPECT_EQ(item.text, "yy");
  EXPECT_EQ(item.location.line, 2);
  EXPECT_EQ(item.location.column, 10);
}

TEST(YamlReaderTest, NullIsToldFromQuotedText) {
  const std::vector<YamlNode> nodes = Read("[null, ~, 'null', '']");
  EXPECT_TRUE(nodes[0].items[0].is_null());
  EXPECT_TRUE(nodes[0].items[1].is_null());
  EXPECT_TRUE(nodes[0].items[2].is_scalar());
  EXPECT_TRUE(nodes[0].items[3].is_scalar());
}

TEST(YamlReaderTest, APlaceWithinAQuotedTextIsAfterTheQuote) {
  const std::vector<YamlNode> nodes = Read("a: 'x y'\n");
  EXPECT_EQ(nodes[0].Find("a")->Within(2).column, 7);
}

TEST(YamlReaderTest, APlaceWithinAnEscapedTextIsThatOfTheText) {
  const std::vector<YamlNode> nodes = Read("a: \"x\\ty\"\n");
  EXPECT_EQ(nodes[0].Find("a")->Within(2).column, 4);
}

TEST(YamlReaderTest, AnAliasIsACopyOfWhatItNames) {
  const std::vector<YamlNode> nodes = Read("a: &x [1, 2]\nb: *x\n");
  EXPECT_THAT(nodes[0].Find("b")->items, SizeIs(2));
}

TEST(YamlReaderTest, ARepeatedKeyIsAnError) {
  EXPECT_EQ(ErrorsOf("a: 1\nb: 2\na: 3\n"),
            "r.yml:3:1: error: the key 'a' stands twice in this map\n");
}

TEST(YamlReaderTest, AKeyThatIsNoTextIsAnError) {
  EXPECT_EQ(ErrorsOf("? [a]\n: 1\n"), "r.yml:1:3: error: a key must be text, not a list\n");
}

TEST(YamlReaderTest, AMergeKeyIsAnError) {
  EXPECT_EQ(ErrorsOf("a: &x {b: 1}\nc:\n  <<: *x\n"),
            "r.yml:3:3: error: the merge key << is not supported: repeat the keys\n");
}

TEST(YamlReaderTest, AnAliasWithinWhatItNamesIsAnError) {
  EXPECT_EQ(ErrorsOf("a: &x [*x]\n"),
            "r.yml:1:8: error: an alias may not stand within what it names\n");
}

TEST(YamlReaderTest, BrokenYamlIsAnErrorWithItsPlace) {
  EXPECT_EQ(ErrorsOf("a: 1\nb: [1, 2\n"), "r.yml:3:1: error: end of sequence flow not found\n");
}

TEST(YamlReaderTest, ATokenThatNothingBeginsWithIsAnError) {
  EXPECT_EQ(ErrorsOf(" , a: b\n"),
            "r.yml:1:2: error: neither a value nor the end of the document can stand here\n");
}

TEST(YamlReaderTest, WhatStandsBeforeAnErrorIsReturned) {
  Diagnostics diagnostics;
  EXPECT_THAT(ReadYaml({"r.yml", "a: 1\n---\nb: [\n"}, diagnostics), SizeIs(1));
  EXPECT_TRUE(diagnostics.has_errors());
}

TEST(YamlReaderTest, AliasesCannotFillTheMemory) {
  std::string yaml = "- &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string name = "*a" + std::to_string(i - 1);
    yaml += "- &a" + std::to_string(i) + " [" + name;
    for (int j = 1; j < 10; ++j) {
      yaml += ", " + name;
    }
    yaml += "]\n";
  }
  EXPECT_THAT(ErrorsOf(yaml), HasSubstr("more than 200000 nodes"));
}

TEST(YamlReaderTest, DepthIsBounded) {
  EXPECT_THAT(ErrorsOf(std::string(100, '[')), HasSubstr("more than 64 levels"));
  EXPECT_THAT(ErrorsOf(std::string(100'000, '[')), HasSubstr("error"));
}

TEST(YamlReaderTest, TheSizeOfAFileIsBounded) {
  EXPECT_EQ(ErrorsOf(std::string((4 << 20) + 1, ' ')),
            "r.yml: error: the file is larger than 4194304 bytes\n");
}

}  // namespace
}  // namespace hark
