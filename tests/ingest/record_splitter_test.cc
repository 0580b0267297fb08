#include "ingest/record_splitter.h"

#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hark::ingest {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using std::string_view_literals::operator""sv;

std::vector<std::string> Split(std::string_view data) {
  RecordSplitter splitter(data);
  std::vector<std::string> records;
  std::string_view record;
  while (splitter.Next(record)) {
    records.emplace_back(record);
  }
  return records;
}

TEST(RecordSplitterTest, EachLineIsARecord) {
  EXPECT_THAT(Split("a\nb\nc\n"), ElementsAre("a", "b", "c"));
}

TEST(RecordSplitterTest, TheLastLineNeedsNoLineFeed) {
  EXPECT_THAT(Split("a\nb"), ElementsAre("a", "b"));
}

TEST(RecordSplitterTest, NothingHasNoRecords) {
  EXPECT_THAT(Split(""), IsEmpty());
}

TEST(RecordSplitterTest, BlankLinesAreSkipped) {
  EXPECT_THAT(Split("\n\n a\n \t\n\r\nb\n\n"), ElementsAre("a", "b"));
}

TEST(RecordSplitterTest, ACarriageReturnIsNotPartOfTheRecord) {
  EXPECT_THAT(Split("a\r\nb\r\n"), ElementsAre("a", "b"));
}

TEST(RecordSplitterTest, TheHoleThatCopytruncateLeavesIsNotPartOfTheRecord) {
  EXPECT_THAT(Split("\0\0\0a\nb\n"sv), ElementsAre("a", "b"));
}

}  // namespace
}  // namespace hark::ingest
