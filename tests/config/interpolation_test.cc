#include "config/interpolation.h"

#include <string>

#include "gtest/gtest.h"

#include "config/config_helper.h"

namespace hark::config {
namespace {

Interpolated Expand(std::string_view text) {
  return Interpolate(text, "/etc/hark",
                     Fake({{"A", "alpha"}, {"EMPTY", ""}, {"NESTED", "${A}"}},
                          {{"/run/token", "t0ken"}, {"/etc/hark/token", "near"}}));
}

// The text, or "offset: message" of the first problem.
std::string ResultOf(std::string_view text) {
  const Interpolated result = Expand(text);
  return result.problems.empty()
             ? result.text
             : std::to_string(result.problems[0].offset) + ": " + result.problems[0].message;
}

TEST(InterpolationTest, PutsInVariables) {
  EXPECT_EQ(ResultOf("${A}"), "alpha");
  EXPECT_EQ(ResultOf("a ${A}/${A} z"), "a alpha/alpha z");
  EXPECT_EQ(ResultOf("${EMPTY}"), "");
}

TEST(InterpolationTest, ADefaultIsForWhatIsNotSetOrIsEmpty) {
  EXPECT_EQ(ResultOf("${A:-other}"), "alpha");
  EXPECT_EQ(ResultOf("${B:-other}"), "other");
  EXPECT_EQ(ResultOf("${EMPTY:-other}"), "other");
  EXPECT_EQ(ResultOf("${B:-}"), "");
  EXPECT_EQ(ResultOf("${B:-a:-b $c {d}"), "a:-b $c {d");
}

TEST(InterpolationTest, WhatIsPutInIsNotLookedAtAgain) {
  EXPECT_EQ(ResultOf("${NESTED}"), "${A}");
}

TEST(InterpolationTest, DollarsThatBeginNoReferenceAreText) {
  for (const char* const text : {"", "$", "$$", "a$b", "$A", "$(A)", "100$"}) {
    EXPECT_EQ(ResultOf(text), text);
  }
}

TEST(InterpolationTest, ADoubledDollarMakesAReferenceText) {
  EXPECT_EQ(ResultOf("$${A}"), "${A}");
  EXPECT_EQ(ResultOf("$$${A}"), "$${A}");
}

TEST(InterpolationTest, WhatComesFromAFileIsASecret) {
  EXPECT_EQ(ResultOf("Bearer ${file:/run/token}"), "Bearer t0ken");
  EXPECT_TRUE(Expand("${file:/run/token}").secret);
  EXPECT_FALSE(Expand("${A}").secret);
}

TEST(InterpolationTest, ARelativeFileIsBesideTheConfiguration) {
  EXPECT_EQ(ResultOf("${file:token}"), "near");
}

TEST(InterpolationTest, ProblemsAreAllNamedWithTheirPlace) {
  const Interpolated result = Expand("a ${B} ${} ${file:/none}");
  ASSERT_EQ(result.problems.size(), 3U);
  EXPECT_EQ(result.problems[0].offset, 2U);
  EXPECT_EQ(result.problems[0].message,
            "the environment variable B is not set; ${B:-default} would do without it");
  EXPECT_EQ(result.problems[1].offset, 7U);
  EXPECT_EQ(result.problems[2].offset, 11U);
  EXPECT_EQ(result.problems[2].message, "cannot read /none");
}

TEST(InterpolationTest, WhatIsNoReferenceIsRefused) {
  const std::string no_reference =
      "this is no reference: write ${NAME}, ${NAME:-default} or ${file:/path}, or '$${' for the "
      "text '${' itself";
  for (const char* const text :
       {"${}", "${1A}", "${A B}", "${A:B}", "${A-b}", "${:-x}", "${FILE:/a}"}) {
    EXPECT_EQ(ResultOf(text), "0: " + no_reference) << text;
  }
  EXPECT_EQ(ResultOf("x${A"), "1: '${' without '}'; write '$${' for the text itself");
  EXPECT_EQ(ResultOf("${A:-${B}}"), "0: a reference cannot stand within another one");
  EXPECT_EQ(ResultOf("${file:}"), "0: '${file:}' names no file");
}

TEST(InterpolationTest, TheResultIsBounded) {
  std::string text;
  for (int i = 0; i < 100; ++i) {
    text += "${BIG}";
  }
  const Interpolated result = Interpolate(text, "", Fake({{"BIG", std::string(100'000, 'x')}}));
  ASSERT_EQ(result.problems.size(), 1U);
  EXPECT_EQ(result.problems[0].message, "the value is longer than 1048576 bytes");
}

}  // namespace
}  // namespace hark::config
