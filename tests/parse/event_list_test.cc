#include "parse/event_list.h"

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hark::parse {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::size_t kMaxItem = 1000;
constexpr std::string_view kHead =
    R"({"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[)";

// The texts, one behind the other.
std::string Join(std::initializer_list<std::string_view> texts) {
  std::string all;
  for (const std::string_view text : texts) {
    all += text;
  }
  return all;
}

EventListOutcome Open(std::string_view text, EventList& list) {
  return OpenEventList(text, kMaxItem, list);
}
EventListOutcome Open(std::string_view text) {
  EventList list;
  return Open(text, list);
}

TEST(EventListTest, ItemsThatLieTogetherAreOneRun) {
  EventList list;
  const std::string text = Join({kHead, R"({"a":1}, {"b":"]}"}],"metadata":{}})", "\n"});
  ASSERT_EQ(Open(text, list), EventListOutcome::kOpened);
  EXPECT_EQ(list.head, kHead);
  EXPECT_THAT(list.runs, ElementsAre(R"({"a":1}, {"b":"]}"})"));
  EXPECT_EQ(list.longest, std::string_view(R"({"b":"]}"})").size());
  EXPECT_THAT(list.damages, IsEmpty());
}

TEST(EventListTest, AListWithoutItemsIsOne) {
  EventList list;
  EXPECT_EQ(Open(Join({kHead, "]}"}), list), EventListOutcome::kOpened);
  EXPECT_THAT(list.runs, IsEmpty());
  EXPECT_EQ(Open(R"({"kind":"EventList","apiVersion":"audit.k8s.io/v1beta1","items":null})"),
            EventListOutcome::kOpened);
  EXPECT_EQ(Open(R"({"kind":"EventList","apiVersion":"audit.k8s.io/v1"})"),
            EventListOutcome::kOpened);
}

TEST(EventListTest, TheKindMayComeLastAndTheLastOneCounts) {
  EventList list;
  EXPECT_EQ(Open(R"({"items":[{}],"kind":"Pod","apiVersion":"audit.k8s.io/v1",)"
                 R"("ki\u006ed":"EventList"})",
                 list),
            EventListOutcome::kOpened);
  EXPECT_THAT(list.runs, ElementsAre("{}"));
  EXPECT_EQ(Open(R"({"kind":"EventList","apiVersion":"audit.k8s.io/v1","kind":"Pod","items":[]})"),
            EventListOutcome::kOther);
}

TEST(EventListTest, OtherThingsAreNone) {
  EXPECT_EQ(Open(""), EventListOutcome::kOther);
  EXPECT_EQ(Open("hello"), EventListOutcome::kOther);
  EXPECT_EQ(Open("[]"), EventListOutcome::kOther);
  EXPECT_EQ(Open(R"({"kind":"Event","apiVersion":"audit.k8s.io/v1"})"), EventListOutcome::kOther);
  // Of the core group: what kubectl get events shows.
  EXPECT_EQ(Open(R"({"kind":"EventList","apiVersion":"v1","items":[]})"), EventListOutcome::kOther);
  EXPECT_EQ(Open(R"({"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":{}})"),
            EventListOutcome::kOther);
}

TEST(EventListTest, WhatIsCutOffOrGoesOnIsMalformed) {
  const std::string whole = Join({kHead, R"({"a":"x"},{"b":[2]}]})"});
  EXPECT_EQ(Open(whole), EventListOutcome::kOpened);
  for (std::size_t size = 1; size < whole.size(); ++size) {
    EXPECT_EQ(Open(std::string_view(whole).substr(0, size)), EventListOutcome::kMalformed) << size;
  }
  EXPECT_EQ(Open(Join({whole, "{}"})), EventListOutcome::kMalformed);
  EXPECT_EQ(Open(Join({kHead, "{} {}]}"})), EventListOutcome::kMalformed);
}

TEST(EventListTest, AnItemThatIsTooLongIsLeftOut) {
  EventList list;
  const std::string large = Join({R"({"a":")", std::string(kMaxItem, 'x'), R"("})"});
  const std::string text = Join({kHead, "{},", large, R"(,{"b":1},{}]})"});
  ASSERT_EQ(Open(text, list), EventListOutcome::kOpened);
  EXPECT_THAT(list.runs, ElementsAre("{}", R"({"b":1},{})"));
  ASSERT_THAT(list.damages, SizeIs(1));
  EXPECT_EQ(list.damages[0].reason, RejectReason::kTooLarge);
  EXPECT_EQ(list.damages[0].offset, kHead.size() + 3);
  EXPECT_EQ(list.damages[0].length, large.size());
}

TEST(EventListTest, RunsAreBounded) {
  constexpr std::size_t kItem = std::size_t{300} << 10;
  const std::string item = Join({R"({"a":")", std::string(kItem, 'x'), R"("})"});
  std::string text(kHead);
  for (int i = 0; i < 10; ++i) {
    text += (i == 0 ? "" : ",") + item;
  }
  text += "]}";
  EventList list;
  ASSERT_EQ(OpenEventList(text, 2 * kItem, list), EventListOutcome::kOpened);
  EXPECT_THAT(list.runs, SizeIs(4));
  for (const std::string_view run : list.runs) {
    EXPECT_LE(run.size(), EventList::kRunBytes);
  }
}

}  // namespace
}  // namespace hark::parse
