#include "detect/window.h"

#include <cstdint>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/fact_builder.h"

namespace hark::detect {
namespace {

using ::hark::testing::FactBuilder;
using ::hark::testing::kSecond;
using ::hark::testing::kStart;
using ::testing::ElementsAre;
using Kind = Window::Kind;

WindowEntry Entry(Micros seen, const std::string& value = "") {
  WindowEntry entry;
  entry.seen = seen;
  entry.time = seen;
  entry.audit_id = value + "@" + std::to_string(seen - kStart);
  entry.value = value;
  return entry;
}

std::vector<std::string> Ids(const Window& window) {
  std::vector<std::string> ids;
  for (const WindowEntry& entry : window.entries()) {
    ids.push_back(entry.audit_id);
  }
  return ids;
}

std::string Saved(const Window& window) {
  ByteWriter writer;
  window.Save(writer);
  return writer.Take();
}

TEST(WindowTest, HoldsWhenThereAreEnoughEvents) {
  Window window(Kind::kEvents, 2);
  window.Add(Entry(kStart));
  EXPECT_FALSE(window.Holds(kStart, 10));
  window.Add(Entry(kStart));
  EXPECT_TRUE(window.Holds(kStart, 10));
}

TEST(WindowTest, AnEventExactlyOneTimespanAgoIsOutside) {
  Window window(Kind::kEvents, 2);
  window.Add(Entry(kStart));
  window.Add(Entry(kStart + 10));
  EXPECT_FALSE(window.Holds(kStart + 10, 10));
}

TEST(WindowTest, AnEventOneMicrosecondLessThanATimespanAgoIsInside) {
  Window window(Kind::kEvents, 2);
  window.Add(Entry(kStart));
  window.Add(Entry(kStart + 9));
  EXPECT_TRUE(window.Holds(kStart + 9, 10));
}

TEST(WindowTest, KeepsTheLastEvents) {
  Window window(Kind::kEvents, 2);
  window.Add(Entry(kStart, "a"));
  window.Add(Entry(kStart + 1, "a"));
  window.Add(Entry(kStart + 2, "a"));
  EXPECT_THAT(Ids(window), ElementsAre("a@1", "a@2"));
}

TEST(WindowTest, AValueThatComesAgainCountsOnce) {
  Window window(Kind::kDistinctValues, 2);
  window.Add(Entry(kStart, "a"));
  window.Add(Entry(kStart + 1, "a"));
  EXPECT_FALSE(window.Holds(kStart + 1, kSecond));
  window.Add(Entry(kStart + 2, "b"));
  EXPECT_TRUE(window.Holds(kStart + 2, kSecond));
}

TEST(WindowTest, KeepsTheLatestEventOfEachValueInTheOrderInWhichTheyWereSeen) {
  Window window(Kind::kDistinctValues, 3);
  window.Add(Entry(kStart, "a"));
  window.Add(Entry(kStart + 1, "b"));
  window.Add(Entry(kStart + 2, "a"));
  window.Add(Entry(kStart + 3, "c"));
  EXPECT_THAT(Ids(window), ElementsAre("b@1", "a@2", "c@3"));
}

TEST(WindowTest, TheLeastRecentlySeenValueMakesRoomForANewOne) {
  Window window(Kind::kDistinctValues, 2);
  window.Add(Entry(kStart, "a"));
  window.Add(Entry(kStart + 1, "b"));
  window.Add(Entry(kStart + 2, "a"));
  window.Add(Entry(kStart + 3, "c"));
  EXPECT_THAT(Ids(window), ElementsAre("a@2", "c@3"));
}

TEST(WindowTest, AValueThatComesAgainIsAsYoungAsItsLastEvent) {
  Window window(Kind::kDistinctValues, 2);
  window.Add(Entry(kStart, "a"));
  window.Add(Entry(kStart + 5, "b"));
  window.Add(Entry(kStart + 9, "a"));
  EXPECT_TRUE(window.Holds(kStart + 14, 10));
  EXPECT_FALSE(window.Holds(kStart + 15, 10));
}

TEST(WindowTest, TheEmptyValueIsAValue) {
  Window window(Kind::kDistinctValues, 2);
  window.Add(Entry(kStart, ""));
  window.Add(Entry(kStart, "a"));
  EXPECT_TRUE(window.Holds(kStart, 1));
}

TEST(WindowTest, BytesFollowTheEntries) {
  Window window(Kind::kDistinctValues, 2);
  std::uint64_t bytes = 0;
  for (const char* value : {"a", "bbbbbbbb", "a", "cc", "a"}) {
    window.Add(Entry(kStart, value));
    bytes = 0;
    for (const WindowEntry& entry : window.entries()) {
      bytes += entry.bytes();
    }
    EXPECT_EQ(window.bytes(), bytes);
  }
}

TEST(WindowTest, AnEntryKeepsTheTimeOfItsEventAndWhenItWasSeen) {
  const Fact fact = FactBuilder("id", kStart).On("ns", "db").Feeding(0, {}, "ns/db").Build();
  const WindowEntry entry = MakeEntry(fact, fact.matches[0], kStart + 7);
  EXPECT_EQ(entry.time, kStart);
  EXPECT_EQ(entry.seen, kStart + 7);
  EXPECT_TRUE(entry.late);
  EXPECT_EQ(entry.value, "ns/db");
  EXPECT_FALSE(MakeEntry(fact, fact.matches[0], kStart).late);
}

TEST(WindowTest, ComesBackAsItWas) {
  const Fact fact =
      FactBuilder("id", kStart).On("ns", "db").Feeding(0, {}, "v").Downgraded().Build();
  Window window(Kind::kDistinctValues, 2);
  window.Add(MakeEntry(fact, fact.matches[0], kStart + 7));
  window.Add(Entry(kStart + 8, "b"));
  const std::string bytes = Saved(window);
  Window restored(Kind::kDistinctValues, 2);
  restored.Add(Entry(kStart, "of before"));
  ByteReader reader(bytes);
  restored.Restore(reader);
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ(restored.entries(), window.entries());
  EXPECT_EQ(restored.bytes(), window.bytes());
  EXPECT_EQ(Saved(restored), bytes);
}

TEST(WindowTest, MoreEntriesThanTheLimitAreDamage) {
  Window large(Kind::kEvents, 3);
  for (int i = 0; i < 3; ++i) {
    large.Add(Entry(kStart + i));
  }
  const std::string bytes = Saved(large);
  ByteReader reader(bytes);
  Window(Kind::kEvents, 2).Restore(reader);
  EXPECT_FALSE(reader.ok());
}

}  // namespace
}  // namespace hark::detect
