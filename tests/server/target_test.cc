#include "server/target.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/status_matchers.h"

namespace hark::server {
namespace {

using ::hark::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

TEST(TargetTest, SplitsBeforeItDecodes) {
  const auto target = ParseTarget("/a%2Fb/c%20d");
  ASSERT_THAT(target, IsOk());
  EXPECT_THAT(target->segments, ElementsAre("a/b", "c d"));
}

TEST(TargetTest, KeepsEmptySegments) {
  EXPECT_THAT(ParseTarget("/")->segments, IsEmpty());
  EXPECT_THAT(ParseTarget("/a/")->segments, ElementsAre("a", ""));
  EXPECT_THAT(ParseTarget("//a")->segments, ElementsAre("", "a"));
}

TEST(TargetTest, DoesNotResolveDots) {
  EXPECT_THAT(ParseTarget("/a/../b/.")->segments, ElementsAre("a", "..", "b", "."));
}

TEST(TargetTest, DecodesTheQueryAndTakesTheLastOfEqualKeys) {
  const auto target = ParseTarget("/p?a=1&b=x+y%2Bz&&flag&a=2&u=%C3%A9&q=a?b=c");
  ASSERT_THAT(target, IsOk());
  EXPECT_THAT(target->query, ElementsAre(Pair("a", "2"), Pair("b", "x y+z"), Pair("flag", ""),
                                         Pair("q", "a?b=c"), Pair("u", "\u00e9")));
}

TEST(TargetTest, LeavesAPlusInThePathAlone) {
  EXPECT_THAT(ParseTarget("/a+b")->segments, ElementsAre("a+b"));
}

TEST(TargetTest, RefusesWhatIsNoText) {
  for (const char* const text :
       {"", "a", "*", "http://host/", "/%", "/%4", "/%4x", "/%x4", "/%00", "/%0a", "/%7f", "/%ff",
        "/%c0%af", "/%e2%80%ae", "/?%", "/?a=%0d%0a", "/?%00=1"}) {
    EXPECT_THAT(ParseTarget(text), Not(IsOk())) << text;
  }
}

}  // namespace
}  // namespace hark::server
