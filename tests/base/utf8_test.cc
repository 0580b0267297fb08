#include "base/utf8.h"

#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hark {
namespace {

using ::testing::ElementsAre;

// The lengths of the pieces that the text falls into, negative for those that are invalid.
std::vector<int> Pieces(std::string_view text) {
  std::vector<int> pieces;
  while (!text.empty()) {
    const Utf8Character character = DecodeUtf8(text);
    const int length = static_cast<int>(character.length);
    pieces.push_back(character.valid ? length : -length);
    text.remove_prefix(character.length);
  }
  return pieces;
}

TEST(Utf8Test, EveryScalarValueComesBack) {
  for (char32_t code_point = 0; code_point <= 0x10ffff; ++code_point) {
    if (code_point >= 0xd800 && code_point <= 0xdfff) {
      continue;
    }
    std::string text;
    AppendUtf8(text, code_point);
    const Utf8Character character = DecodeUtf8(text);
    ASSERT_TRUE(character.valid && character.code_point == code_point &&
                character.length == text.size())
        << static_cast<unsigned>(code_point);
  }
}

TEST(Utf8Test, RefusesOverlongForms) {
  EXPECT_THAT(Pieces("\xc0\xaf"), ElementsAre(-1, -1));
  EXPECT_THAT(Pieces("\xe0\x80\xaf"), ElementsAre(-1, -1, -1));
  EXPECT_THAT(Pieces("\xf0\x80\x80\xaf"), ElementsAre(-1, -1, -1, -1));
}

TEST(Utf8Test, RefusesSurrogates) {
  EXPECT_THAT(Pieces("\xed\xa0\x80"), ElementsAre(-1, -1, -1));
}

TEST(Utf8Test, RefusesValuesAboveTheLastCharacter) {
  EXPECT_THAT(Pieces("\xf4\x90\x80\x80"), ElementsAre(-1, -1, -1, -1));
  EXPECT_THAT(Pieces("\xff"), ElementsAre(-1));
}

TEST(Utf8Test, TheBeginningOfACharacterIsOnePiece) {
  EXPECT_THAT(Pieces("\xe2\x82"
                     "a"),
              ElementsAre(-2, 1));
  EXPECT_THAT(Pieces("\xf0\x9f\x98"), ElementsAre(-3));
}

TEST(Utf8Test, WhatReordersOrHidesTextIsInvisible) {
  for (const char32_t code_point :
       {U'\0', U'\x1b', U'\x7f', U'\x85', U'\x9b', U'\xad', U'\u200b', U'\u200e', U'\u2028',
        U'\u202e', U'\u2066', U'\ufeff', U'\U000e0041'}) {
    EXPECT_TRUE(IsInvisible(code_point)) << static_cast<unsigned>(code_point);
  }
}

TEST(Utf8Test, TextOfAnyLanguageIsVisible) {
  for (const char32_t code_point :
       {U' ', U'~', U'\xa0', U'\xe9', U'\u0301', U'\u05d0', U'\u0627', U'\u4e2d', U'\U0001f600'}) {
    EXPECT_FALSE(IsInvisible(code_point)) << static_cast<unsigned>(code_point);
  }
}

}  // namespace
}  // namespace hark
