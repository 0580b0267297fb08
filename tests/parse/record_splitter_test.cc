#include "parse/record_splitter.h"

#include <cstddef>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hark::parse {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
// clang-tidy does not see the suffix in use.
using std::string_view_literals::operator""sv;  // NOLINT(misc-unused-using-decls)

std::vector<std::string> Split(std::string_view data) {
  RecordSplitter splitter(data);
  std::vector<std::string> records;
  RecordSplitter::Record record;
  while (splitter.Next(record)) {
    records.emplace_back(record.text);
  }
  return records;
}

TEST(RecordSplitterTest, EachLineIsARecord) {
  EXPECT_THAT(Split("{1}\n{2}\ntext\n{3}"), ElementsAre("{1}", "{2}", "text", "{3}"));
}

TEST(RecordSplitterTest, NothingHasNoRecords) {
  EXPECT_THAT(Split(""), IsEmpty());
}

TEST(RecordSplitterTest, WhatIsAroundALineIsNotPartOfTheRecord) {
  EXPECT_THAT(Split("\0\0{1}\r\n\n \t\n{2},\n"sv), ElementsAre("{1}", "{2}"));
}

TEST(RecordSplitterTest, ALineThatIsNoJsonIsReadAgainByItsBrackets) {
  RecordSplitter splitter("{}{}\n{}\n");
  RecordSplitter::Record record;
  ASSERT_TRUE(splitter.Next(record));
  EXPECT_EQ(record.text, "{}{}");
  EXPECT_FALSE(record.scanned);
  ASSERT_TRUE(splitter.NextScanned(record));
  EXPECT_EQ(record.text, "{}");
  EXPECT_TRUE(record.scanned);
  EXPECT_EQ(record.offset, 0);
  ASSERT_TRUE(splitter.Next(record));
  EXPECT_EQ(record.text, "{}");
  EXPECT_EQ(record.offset, 2);
  ASSERT_TRUE(splitter.Next(record));
  EXPECT_EQ(record.offset, 5);
  EXPECT_FALSE(splitter.Next(record));
}

TEST(RecordSplitterTest, ARecordThatWasCutOffSaysSo) {
  RecordSplitter splitter("{\"a\n{}\n");
  RecordSplitter::Record record;
  ASSERT_TRUE(splitter.Next(record));
  EXPECT_EQ(record.end, RecordEnd::kCutOff);
  ASSERT_TRUE(splitter.Next(record));
  EXPECT_EQ(record.end, RecordEnd::kWhole);
}

using Found = std::pair<std::size_t, std::string>;

// Every third record, if it was not scanned, is taken for none.
std::vector<Found> SplitAndGoBack(std::string_view data, std::span<const std::size_t> line_ends) {
  RecordSplitter splitter(data, line_ends);
  std::vector<Found> records;
  RecordSplitter::Record record;
  while (splitter.Next(record)) {
    records.emplace_back(record.offset, record.text);
    if (!record.scanned && records.size() % 3 == 0 && splitter.NextScanned(record)) {
      records.emplace_back(record.offset, record.text);
    }
  }
  return records;
}

TEST(RecordSplitterTest, KnownEndsOfLinesChangeNothing) {
  std::mt19937 random(1);
  const auto any_of = [&](auto... texts) {
    const std::vector<std::string_view> all = {texts...};
    return all[random() % all.size()];
  };
  for (int i = 0; i < 2'000; ++i) {
    std::string text;
    for (std::size_t pieces = random() % 20; pieces > 0; --pieces) {
      text += any_of("{1}\n", "{}", "{\"a\":\n", "}\n", "\n", " \r\n", "{\"a\n", "]", "word\n");
    }
    std::vector<std::size_t> ends;
    for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1)) {
      ends.push_back(at);
    }
    const std::vector<Found> expected = SplitAndGoBack(text, {});
    EXPECT_EQ(SplitAndGoBack(text, ends), expected) << text;
    ends.resize(ends.size() / 2);  // the first ones only
    EXPECT_EQ(SplitAndGoBack(text, ends), expected) << text;
  }
}

TEST(RecordSplitterTest, ManyOpenRecordsCostNoMoreThanTheirLines) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) {
    text += "{\"a\":\n";
  }
  EXPECT_EQ(Split(text).size(), 200'000);
}

}  // namespace
}  // namespace hark::parse
