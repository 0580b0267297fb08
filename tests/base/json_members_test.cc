#include "base/json_members.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hark {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::optional<std::string> Unescaped(std::string_view raw) {
  std::string text;
  return AppendUnescaped(raw, text) ? std::optional(text) : std::nullopt;
}

// "key=value" or "value" of each step, and how the walk ends.
std::vector<std::string> Steps(std::string_view json) {
  std::vector<std::string> steps;
  for (Walk walk(json);;) {
    const WalkStep step = walk.Next();
    std::string text(walk.key());
    text.append(text.empty() ? "" : "=").append(walk.value());
    switch (step) {
      case WalkStep::kValue:
        steps.push_back(text);
        continue;
      case WalkStep::kEnd:
        steps.emplace_back("end");
        return steps;
      case WalkStep::kCut:
        steps.push_back("cut " + text);
        return steps;
      case WalkStep::kBroken:
        steps.push_back("broken " + text);
        return steps;
    }
  }
}

TEST(JsonMembersTest, EscapesAreUndone) {
  EXPECT_EQ(Unescaped(R"(a\"\\\/\b\f\n\r\tz)"), "a\"\\/\b\f\n\r\tz");
  EXPECT_EQ(Unescaped(R"(\u0041\u00e9\u20AC\uD83D\uDE00)"), "A\u00e9\u20ac\U0001f600");
  EXPECT_EQ(Unescaped("\xff\xfe"), "\xff\xfe");
}

TEST(JsonMembersTest, LoneSurrogatesBecomeTheReplacementCharacter) {
  EXPECT_EQ(Unescaped(R"(\ud800)"), "\ufffd");
  EXPECT_EQ(Unescaped(R"(\udc00x)"), "\ufffdx");
  EXPECT_EQ(Unescaped(R"(\ud800\u0041)"), "\ufffdA");
  EXPECT_EQ(Unescaped(R"(\ud800\ud83d\ude00)"), "\ufffd\U0001f600");
}

TEST(JsonMembersTest, BrokenEscapesAreNoText) {
  for (const char* const raw : {R"(\)", R"(\x)", R"(\u)", R"(\u12)", R"(\u12g4)"}) {
    EXPECT_EQ(Unescaped(raw), std::nullopt) << raw;
  }
}

TEST(JsonMembersTest, AnObjectIsWalkedMemberByMember) {
  EXPECT_THAT(Steps(R"({ "a" : 1 , "b":{"c":[2]},"d\u0065":"x" } )"),
              ElementsAre("a=1", R"(b={"c":[2]})", R"(de="x")", "end"));
  EXPECT_THAT(Steps("{}"), ElementsAre("end"));
}

TEST(JsonMembersTest, AnArrayIsWalkedItemByItem) {
  EXPECT_THAT(Steps(R"([1,"a,]",[2],{}])"), ElementsAre("1", R"("a,]")", "[2]", "{}", "end"));
}

TEST(JsonMembersTest, ACutIsTold) {
  EXPECT_THAT(Steps(R"({"a":1,"b":[1,)"), ElementsAre("a=1", "cut b=[1,"));
  EXPECT_THAT(Steps(R"({"a":1,"b")"), ElementsAre("a=1", "cut b="));
  EXPECT_THAT(Steps(R"({"a":1,)"), ElementsAre("a=1", "cut "));
  EXPECT_THAT(Steps("["), ElementsAre("cut "));
  EXPECT_THAT(Steps(R"(["a)"), ElementsAre(R"(cut "a)"));
}

TEST(JsonMembersTest, WhatIsNoJsonIsTold) {
  EXPECT_THAT(Steps(R"({"a":1 "b":2})"), ElementsAre("a=1", "broken "));
  EXPECT_THAT(Steps("{a:1}"), ElementsAre("broken "));
  EXPECT_THAT(Steps(R"({"a" 1})"), ElementsAre("broken a="));
  EXPECT_THAT(Steps("[1,]"), ElementsAre("1", "broken "));
  EXPECT_THAT(Steps(R"({"a":})"), ElementsAre("broken a="));
  EXPECT_THAT(Steps(R"({"a":x{"b":1}})"), ElementsAre(R"(broken a=x{"b")"));
}

TEST(JsonMembersTest, OfDuplicatesTheLastOneIsTaken) {
  const auto [a, b] =
      MembersOf(R"({"a":1,"\u0061":2,"b":3})", std::array<std::string_view, 2>{"a", "b"});
  EXPECT_EQ(a, "2");
  EXPECT_EQ(b, "3");
}

TEST(JsonMembersTest, WhatIsNoObjectHasNoMembers) {
  for (const char* const json : {"", "[]", "7", "null"}) {
    const auto [a] = MembersOf(json, std::array<std::string_view, 1>{"a"});
    EXPECT_THAT(a, IsEmpty()) << json;
  }
}

TEST(JsonMembersTest, ATextIsComparedUnescaped) {
  EXPECT_TRUE(Reads(R"("abc")", "abc"));
  EXPECT_TRUE(Reads(R"("\u0061bc")", "abc"));
  EXPECT_FALSE(Reads(R"("\u0061bd")", "abc"));
  EXPECT_FALSE(Reads("abc", "abc"));
  EXPECT_FALSE(Reads("", ""));
}

}  // namespace
}  // namespace hark
