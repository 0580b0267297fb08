#include "base/record_scan.h"

#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hark {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
// clang-tidy does not see the suffix in use.
using std::string_view_literals::operator""sv;  // NOLINT(misc-unused-using-decls)

// All records of a text, those that are damaged with a mark.
std::vector<std::string> Records(std::string_view text) {
  std::vector<std::string> records;
  while (true) {
    const RecordSpan span = NextRecord(text, Remainder::kNone);
    if (span.end == RecordEnd::kNone) {
      return records;
    }
    const std::string record(text.substr(span.begin, span.length));
    if (span.end != RecordEnd::kHead) {
      records.push_back(record + (span.end == RecordEnd::kCutOff  ? "|cut off"
                                  : span.end == RecordEnd::kWrong ? "|wrong"
                                                                  : ""));
    }
    text.remove_prefix(span.after());
  }
}

TEST(RecordScanTest, AnObjectALineIsARecordEach) {
  EXPECT_THAT(Records("{\"a\":1}\n{\"a\":2}\r\n{\"a\":3}"),
              ElementsAre("{\"a\":1}", "{\"a\":2}", "{\"a\":3}"));
}

TEST(RecordScanTest, DocumentsNeedNothingBetweenThem) {
  EXPECT_THAT(Records("{\"a\":1}{\"a\":2} [3]"), ElementsAre("{\"a\":1}", "{\"a\":2}", "[3]"));
}

TEST(RecordScanTest, ADocumentMayHaveManyLines) {
  EXPECT_THAT(Records("{\n  \"a\": [\n    1\n  ]\n}\n{\n}\n"),
              ElementsAre("{\n  \"a\": [\n    1\n  ]\n}", "{\n}"));
}

TEST(RecordScanTest, WhatSeparatesRecordsIsNone) {
  EXPECT_THAT(Records("\xef\xbb\xbf\0\0\n {} , {}\n]}\n"sv), ElementsAre("{}", "{}"));
  EXPECT_THAT(Records("\n\r\n \t"), IsEmpty());
}

TEST(RecordScanTest, ALineOfOtherTextIsARecord) {
  EXPECT_THAT(Records("I1123 klog\n2026 {\"a\":1}\nend"),
              ElementsAre("I1123 klog", "2026 {\"a\":1}", "end"));
}

TEST(RecordScanTest, AStringInAListIsARecord) {
  EXPECT_THAT(Records("\"a\", \"b,c\"]\n"), ElementsAre("\"a\"", "\"b,c\""));
}

TEST(RecordScanTest, APartialLineOfCriGoesOnInTheNextOne) {
  constexpr std::string_view kPartial = "2026-11-23T18:04:22.921545Z stdout P {\"a\":";
  constexpr std::string_view kFull = "2026-11-23T18:04:22.921546Z stdout F 1}";
  const std::string both = std::string(kPartial) + "\n" + std::string(kFull);
  EXPECT_THAT(Records(both + "\n" + std::string(kFull) + "\n"), ElementsAre(both, kFull));
  EXPECT_THAT(Records(std::string(kPartial) + "\n{}\n"),
              ElementsAre(std::string(kPartial) + "|cut off", "{}"));
}

TEST(RecordScanTest, ALineThatIsCutOffDoesNotSwallowTheNext) {
  EXPECT_THAT(Records("{\"a\":\"b\n{\"a\":2}\n"), ElementsAre("{\"a\":\"b|cut off", "{\"a\":2}"));
  EXPECT_THAT(Records("{\"a\":1,\n{\"a\":2}\n"), ElementsAre("{\"a\":1,|cut off", "{\"a\":2}"));
}

TEST(RecordScanTest, ALineThatIsCutOffWhereAnObjectMayStandIsGivenUpAtTheEnd) {
  EXPECT_THAT(Records("{\"a\":\n{\"a\":2}\n{\"a\":3}\n"),
              ElementsAre("{\"a\":|cut off", "{\"a\":2}", "{\"a\":3}"));
}

TEST(RecordScanTest, WhatFollowsALineThatIsCutOffIsNotLostWithIt) {
  EXPECT_THAT(Records("[\n{\"a\":1},\n{\"a\":\"2\n{\"a\":3}\n"),
              ElementsAre("{\"a\":1}", "{\"a\":\"2|cut off", "{\"a\":3}"));
}

TEST(RecordScanTest, TheRestOfADamagedDocumentGoesWithIt) {
  EXPECT_THAT(
      Records("{\n  \"a\": \"b\n  \"c\": {\n    \"d\": 1\n  }\n}\n{\"a\":2}\n"),
      ElementsAre("{\n  \"a\": \"b\n  \"c\": {\n    \"d\": 1\n  }\n}|cut off", "{\"a\":2}"));
}

TEST(RecordScanTest, BracketsThatDoNotFitEndWithTheirLine) {
  EXPECT_THAT(Records("{\"a\":]}\n{\"a\":2}\n"), ElementsAre("{\"a\":]}|wrong", "{\"a\":2}"));
}

TEST(RecordScanTest, TheItemsOfAListWithoutAnEndAreRecords) {
  EXPECT_THAT(Records("{\"kind\":\"EventList\",\"items\":[\n{\"a\":1},\n{\"a\":2},\n"),
              ElementsAre("{\"a\":1}", "{\"a\":2}"));
  EXPECT_THAT(Records("[\n{\"a\":1}\n"), ElementsAre("{\"a\":1}"));
}

TEST(RecordScanTest, WhatIsOpenWaitsForMore) {
  for (const std::string_view open :
       {"{\"a\":1", "{\n\"a\":", "text", "\"a\"", "[1,", "2026-11-23T18:04:22.9Z stdout P {\n"}) {
    EXPECT_EQ(NextRecord(open, Remainder::kMayFollow).end, RecordEnd::kOpen) << open;
  }
}

TEST(RecordScanTest, AnObjectIsKnownByItsEnds) {
  EXPECT_TRUE(LooksLikeObject("{\"a\":1}"));
  EXPECT_TRUE(LooksLikeObject(" {} \r"));
  EXPECT_FALSE(LooksLikeObject("{\"a\":1"));
  EXPECT_FALSE(LooksLikeObject("{},"));
  EXPECT_FALSE(LooksLikeObject("}"));
  EXPECT_FALSE(LooksLikeObject("[{}]"));
  EXPECT_FALSE(LooksLikeObject(""));
}

}  // namespace
}  // namespace hark
