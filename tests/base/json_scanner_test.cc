#include "base/json_scanner.h"

#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hark {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

// The scanned part, with a mark for how it ended.
std::string Scanned(std::string_view text, const Scan& scan) {
  constexpr std::string_view kMarks[] = {"", "...", "|cut off", "|wrong", "|too deep"};
  return std::string(text.substr(0, scan.length)) +
         std::string(kMarks[static_cast<std::size_t>(scan.end)]);
}

std::string Container(std::string_view text) {
  return Scanned(text, ScanContainer(text));
}

TEST(JsonScannerTest, AContainerEndsAtItsClosingBracket) {
  EXPECT_EQ(Container("{} {}"), "{}");
  EXPECT_EQ(Container(R"([{"a":[1,2]},[]],x)"), R"([{"a":[1,2]},[]])");
}

TEST(JsonScannerTest, BracketsInStringsDoNotCount) {
  EXPECT_EQ(Container(R"({"}":"]{\"}"} rest)"), R"({"}":"]{\"}"})");
  EXPECT_EQ(Container(R"({"a":"\\"} rest)"), R"({"a":"\\"})");
}

TEST(JsonScannerTest, ATextThatEndsWithinAContainerIsOpen) {
  EXPECT_EQ(Container(R"({"a":[1)"), R"({"a":[1...)");
  EXPECT_EQ(Container(R"({"a":"b)"), R"({"a":"b...)");
}

TEST(JsonScannerTest, ALineFeedInAStringCutsItOff) {
  EXPECT_EQ(Container("{\"a\":\"b\n{\"c\":1}"), "{\"a\":\"b|cut off");
  EXPECT_EQ(Container("{\"a\":\"b\\\n{\"c\":1}"), "{\"a\":\"b\\|cut off");
}

TEST(JsonScannerTest, AnObjectAtALinesStartWhereNoneMayStandCutsItOff) {
  EXPECT_EQ(Container("{\"a\":1,\n{\"b\":2}"), "{\"a\":1,|cut off");
  EXPECT_EQ(Container("{\"a\":tr\n{\"b\":2}"), "{\"a\":tr|cut off");
  EXPECT_EQ(Container("[1\n{\"b\":2}]"), "[1|cut off");
}

TEST(JsonScannerTest, AnObjectAtALinesStartWhereOneMayStandGoesOn) {
  EXPECT_EQ(Container("[\n{\"b\":2},\n{\"c\":3}\n]"), "[\n{\"b\":2},\n{\"c\":3}\n]");
  EXPECT_EQ(Container("{\"a\":\n{\n\"b\":\n{\n}\n}\n}"), "{\"a\":\n{\n\"b\":\n{\n}\n}\n}");
}

TEST(JsonScannerTest, ABracketOfTheWrongKindEndsItWithItsLine) {
  EXPECT_EQ(Container("{\"a\":]} x\n{}"), "{\"a\":]} x|wrong");
}

TEST(JsonScannerTest, PiecesOfAnySizeGiveTheSameEnd) {
  const std::string text = "{\"a\":[\"\\\"}\",{\"b\":\"\\\\\"}],\n\"c\":\n{}}{\"next\":1}";
  const std::size_t length = ScanContainer(text).length;
  for (std::size_t piece = 1; piece < text.size(); ++piece) {
    JsonScanner scanner;
    scanner.Reset();
    std::size_t at = 0;
    Scan scan;
    for (; scan.end == ScanEnd::kOpen && at < text.size(); at += scan.length) {
      scan = scanner.Feed(std::string_view(text).substr(at, piece));
    }
    EXPECT_EQ(scan.end, ScanEnd::kWhole) << piece;
    EXPECT_EQ(at, length) << piece;
  }
}

TEST(JsonScannerTest, NestingDeeperThanAnyDecoderFollowsIsPassedOver) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_EQ(ScanContainer(deep).length, deep.size());
  EXPECT_EQ(ScanContainer(std::string(JsonScanner::kMaxDepth + 1, '[')).end, ScanEnd::kTooDeep);
}

TEST(JsonScannerTest, AScanMayBeginWithinContainers) {
  JsonScanner scanner;
  scanner.ResetWithin("{[");
  constexpr std::string_view kRest = "{}],\"a\":[]} x";
  EXPECT_EQ(Scanned(kRest, scanner.Feed(kRest)), "{}],\"a\":[]}");
}

TEST(JsonScannerTest, AValueEndsBeforeWhatCannotBelongToIt) {
  const auto value = [](std::string_view text) { return Scanned(text, ScanValue(text)); };
  EXPECT_EQ(value("12,3"), "12");
  EXPECT_EQ(value("null]"), "null");
  EXPECT_EQ(value("\"a\\\"b\" x"), "\"a\\\"b\"");
  EXPECT_EQ(value("{}]"), "{}");
  EXPECT_EQ(value("12"), "12...");
  EXPECT_EQ(value("\"ab"), "\"ab...");
  EXPECT_EQ(value(","), "|wrong");
  EXPECT_EQ(value(""), "...");
}

TEST(JsonScannerTest, TheListOfAContainerIsFound) {
  constexpr std::string_view kList = R"({"kind":"EventList","metadata":{"a":[]},"items":[{}]})";
  EXPECT_EQ(FindRecordList(kList), kList.find("{}]}"));
  EXPECT_EQ(FindRecordList("[1]"), 1);
  EXPECT_EQ(FindRecordList(" {\"logEvents\" : [1]}"), 17);
}

TEST(JsonScannerTest, WhatHoldsNoListHasNone) {
  EXPECT_EQ(FindRecordList(R"({"spec":{"items":[1]}})"), kNone);
  EXPECT_EQ(FindRecordList(R"({"items":{"a":1}})"), kNone);
  EXPECT_EQ(FindRecordList(R"({"a":"items":[1]})"), kNone);
  EXPECT_EQ(FindRecordList(R"({"a":{"b":)"), kNone);
  EXPECT_EQ(FindRecordList("\"items\""), kNone);
  EXPECT_EQ(FindRecordList(""), kNone);
}

}  // namespace
}  // namespace hark
