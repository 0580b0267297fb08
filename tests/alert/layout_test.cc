#include "alert/layout.h"

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "base/text.h"
#include "support/hostile_texts.h"

namespace hark::alert {
namespace {

using ::hark::testing::HostileTexts;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Le;
using ::testing::ResultOf;
using ::testing::SizeIs;

const std::vector<Column>& TwoColumns() {
  static const auto* const columns =
      new std::vector<Column>{{"Name", 6, Column::Fit::kWrap}, {"Count", 5, Column::Fit::kRight}};
  return *columns;
}

TEST(WrapTextTest, KeepsWhatFits) {
  EXPECT_THAT(WrapText("", 5, 3), ElementsAre(""));
  EXPECT_THAT(WrapText("12345", 5, 3), ElementsAre("12345"));
}

TEST(WrapTextTest, BreaksAtBlanks) {
  EXPECT_THAT(WrapText("one two three", 8, 3), ElementsAre("one two", "three"));
  EXPECT_THAT(WrapText("one two", 3, 3), ElementsAre("one", "two"));
}

TEST(WrapTextTest, BreaksALongWordAfterPunctuation) {
  EXPECT_THAT(WrapText("system:serviceaccount:data:etl", 22, 3),
              ElementsAre("system:serviceaccount:", "data:etl"));
}

TEST(WrapTextTest, BreaksAWordWithoutPunctuationAnywhere) {
  EXPECT_THAT(WrapText("abcdefgh", 3, 3), ElementsAre("abc", "def", "gh"));
}

TEST(WrapTextTest, CutsWhatDoesNotFitInTheLastLine) {
  EXPECT_THAT(WrapText("abcdefgh", 3, 2), ElementsAre("abc", "de\u2026"));
  EXPECT_THAT(WrapText("abcdefgh", 3, 1), ElementsAre("ab\u2026"));
}

TEST(WrapTextTest, CountsWideCharactersAsTwoColumns) {
  EXPECT_THAT(WrapText("\u4e2d\u6587\u4e2d\u6587", 5, 3),
              ElementsAre("\u4e2d\u6587", "\u4e2d\u6587"));
}

TEST(WrapTextTest, NoLineOfAHostileTextIsTooWide) {
  for (const std::string& text : HostileTexts()) {
    for (const std::size_t width : {2U, 3U, 17U}) {
      const std::vector<std::string> lines = WrapText(EscapeForTerminal(text), width, 4);
      EXPECT_THAT(lines, SizeIs(Le(4)));
      EXPECT_THAT(lines, Each(ResultOf(TerminalWidth, Le(width))));
    }
  }
}

TEST(LayOutRowTest, PadsCellsAndLeavesNoBlanksAtTheEnd) {
  EXPECT_EQ(LayOutRow(TwoColumns(), {{"ab", ""}, {"7", ""}}), "ab          7\n");
  EXPECT_EQ(LayOutRow(TwoColumns(), {{"ab", ""}, {"", ""}}), "ab\n");
}

TEST(LayOutRowTest, WrapsACellIntoLinesOfItsColumn) {
  EXPECT_EQ(LayOutRow(TwoColumns(), {{"one two", ""}, {"7", ""}}), "one         7\ntwo\n");
}

TEST(LayOutRowTest, ANumberIsNeverCut) {
  EXPECT_EQ(LayOutRow(TwoColumns(), {{"ab", ""}, {"1234567", ""}}), "ab      1234567\n");
}

TEST(LayOutRowTest, AStyleDoesNotMoveTheNextColumn) {
  EXPECT_EQ(LayOutRow(TwoColumns(), {{"ab", kBold}, {"7", ""}}), "\x1b[1mab\x1b[0m          7\n");
}

TEST(LayOutRowTest, TitlesAreBoldOnlyInColor) {
  EXPECT_EQ(LayOutTitles(TwoColumns(), false), "Name    Count\n");
  EXPECT_EQ(LayOutTitles(TwoColumns(), true), "\x1b[1mName\x1b[0m    \x1b[1mCount\x1b[0m\n");
}

TEST(LevelTextTest, FitsInEightColumns) {
  for (const Severity level : {Severity::kInformational, Severity::kLow, Severity::kMedium,
                               Severity::kHigh, Severity::kCritical}) {
    EXPECT_THAT(LevelText(level), SizeIs(Le(8)));
  }
}

}  // namespace
}  // namespace hark::alert
