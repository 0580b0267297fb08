#include "base/text.h"

#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "base/hash128.h"
#include "base/utf8.h"

namespace hark {
namespace {

using ::testing::SizeIs;
using ::testing::StartsWith;

TEST(TextTest, ACutNeverSplitsACharacter) {
  const std::string text = "a\u00e9\u20ac\U0001f600";  // 1, 2, 3 and 4 bytes
  EXPECT_EQ(CutUtf8(text, 0), "");
  EXPECT_EQ(CutUtf8(text, 1), "a");
  EXPECT_EQ(CutUtf8(text, 2), "a");
  EXPECT_EQ(CutUtf8(text, 3), "a\u00e9");
  EXPECT_EQ(CutUtf8(text, 5), "a\u00e9");
  EXPECT_EQ(CutUtf8(text, 9), "a\u00e9\u20ac");
  EXPECT_EQ(CutUtf8(text, 10), text);
  EXPECT_EQ(CutUtf8(text, 11), text);
}

TEST(TextTest, ACutOfInvalidTextKeepsItsLength) {
  EXPECT_THAT(CutUtf8(std::string(50, '\x80'), 20), SizeIs(20));
  EXPECT_THAT(CutUtf8(std::string(50, '\xff'), 20), SizeIs(20));
}

TEST(TextTest, AKeyValueOf256BytesIsKept) {
  const std::string value(256, 'k');
  EXPECT_EQ(KeyValue(value), value);
}

TEST(TextTest, ALongerKeyValueIsItsBeginningAndItsHash) {
  const std::string value(257, 'k');
  EXPECT_EQ(KeyValue(value), std::string(200, 'k') + "#" + ToHex(HashParts({value})));
}

TEST(TextTest, LongKeyValuesThatDifferAtTheEndStayDistinct) {
  const std::string value(5'000, 'k');
  EXPECT_NE(KeyValue(value + "1"), KeyValue(value + "2"));
}

TEST(TextTest, AShortenedKeyValueIsCutAtACharacter) {
  std::string value = "x";
  for (int i = 0; i < 200; ++i) {
    value += "\u00e9";
  }
  const std::string key = KeyValue(value);
  EXPECT_THAT(key, SizeIs(199 + 1 + 32));
  EXPECT_THAT(key, StartsWith(value.substr(0, 199) + "#"));
}

TEST(TextTest, GroupKeysTellNullFromEmpty) {
  EXPECT_NE(GroupKey("c", {std::nullopt}), GroupKey("c", {""}));
}

TEST(TextTest, GroupKeysTellWhereAValueEnds) {
  EXPECT_NE(GroupKey("c", {"ab", "c"}), GroupKey("c", {"a", "bc"}));
  EXPECT_NE(GroupKey("c", {"d"}), GroupKey("cd", {""}));
  EXPECT_NE(GroupKey("c", {}), GroupKey("c", {std::nullopt}));
}

TEST(TextTest, EqualGroupsHaveEqualKeys) {
  EXPECT_EQ(GroupKey("c", {"a", std::nullopt}), GroupKey("c", {"a", std::nullopt}));
}

TEST(TextTest, ControlCharactersAreEscapedForATerminal) {
  EXPECT_EQ(EscapeForTerminal(std::string_view("a\0b\x1b[31m\x07\x7f\n\r\t", 13)),
            "a\\x00b\\x1b[31m\\x07\\x7f\\n\\r\\t");
}

TEST(TextTest, C1ControlsAreEscapedForATerminal) {
  EXPECT_EQ(EscapeForTerminal("\u009b31m\u0085"), "\\x9b31m\\x85");
}

TEST(TextTest, BidirectionalAndInvisibleCharactersAreEscapedForATerminal) {
  EXPECT_EQ(EscapeForTerminal("a\u202eb\u2066c\u200bd\ufeff\U000e0041"),
            "a\\u202eb\\u2066c\\u200bd\\ufeff\\U000e0041");
}

TEST(TextTest, InvalidUtf8IsReplacedForATerminal) {
  EXPECT_EQ(EscapeForTerminal("a\xff\x9b\xc3(\xe2\x82"), "a\ufffd\ufffd\ufffd(\ufffd");
}

TEST(TextTest, TextOfAnyLanguageStaysAsItIs) {
  const std::string text = "J\u00fcrgen \u05d0\u05d1 \u4e2d\u6587 \U0001f600 <b>&amp;";
  EXPECT_EQ(EscapeForTerminal(text), text);
}

TEST(TextTest, WidthCountsColumns) {
  EXPECT_EQ(TerminalWidth(""), 0U);
  EXPECT_EQ(TerminalWidth("abc"), 3U);
  EXPECT_EQ(TerminalWidth("J\u00fcrgen"), 6U);
  EXPECT_EQ(TerminalWidth("\u4e2d\u6587"), 4U);
  EXPECT_EQ(TerminalWidth("\U0001f600"), 2U);
  EXPECT_EQ(TerminalWidth("e\u0301"), 1U);
}

TEST(TextTest, RandomBytesLeaveNothingThatControlsATerminal) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 2'000; ++round) {
    std::string bytes(random() % 40, '\0');
    for (char& byte : bytes) {
      byte = static_cast<char>(random() % 256);
    }
    const std::string escaped = EscapeForTerminal(bytes);
    for (std::string_view rest = escaped; !rest.empty();) {
      const Utf8Character character = DecodeUtf8(rest);
      ASSERT_TRUE(character.valid && !IsInvisible(character.code_point));
      rest.remove_prefix(character.length);
    }
    ASSERT_EQ(EscapeForTerminal(escaped), escaped);
  }
}

}  // namespace
}  // namespace hark
