#include "detect/facts_in_order.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "base/fact_codec.h"
#include "detect/logical_size.h"
#include "detect/saved_bytes.h"
#include "support/fact_builder.h"

namespace hark::detect {
namespace {

using ::hark::testing::FactBuilder;
using ::hark::testing::kSecond;
using ::hark::testing::kStart;
using ::hark::testing::SavedBytes;
using ::testing::ElementsAre;

Fact At(Micros time, const std::string& id) {
  return FactBuilder(id, time).Feeding(0, {"alice"}).Build();
}

TEST(FactsInOrderTest, GivesBackTheEarliestFirst) {
  FactsInOrder facts;
  facts.Add(At(kStart + 2, "c"));
  facts.Add(At(kStart, "a"));
  facts.Add(At(kStart + 1, "b"));
  std::vector<std::string> order;
  while (!facts.empty()) {
    order.push_back(facts.first().evidence.audit_id);
    facts.DropFirst();
  }
  EXPECT_THAT(order, ElementsAre("a", "b", "c"));
}

TEST(FactsInOrderTest, CountsWhatIsInIt) {
  FactsInOrder facts;
  EXPECT_EQ(facts.bytes(), 0);
  const Fact a = At(kStart, "a");
  const Fact b = At(kStart, std::string(500, 'b'));
  facts.Add(Fact(a));
  facts.Add(Fact(b));
  EXPECT_EQ(facts.bytes(), BytesOf(a) + BytesOf(b));
  facts.DropFirst();
  facts.DropFirst();
  EXPECT_EQ(facts.bytes(), 0);
}

TEST(FactsInOrderTest, ACopyThatSaysMoreIsCountedInPlaceOfTheOther) {
  FactsInOrder facts;
  const Fact plain = At(kStart, "a");
  const Fact better =
      FactBuilder("a", kStart).AtLevel(Level::kRequest).WithReason(std::string(99, 'r')).Build();
  EXPECT_TRUE(facts.Add(Fact(plain)));
  EXPECT_FALSE(facts.Add(Fact(better)));
  EXPECT_EQ(facts.bytes(), BytesOf(better));
  EXPECT_FALSE(facts.Add(Fact(plain)));
  EXPECT_EQ(facts.bytes(), BytesOf(better));
}

TEST(FactsInOrderTest, ToShrinkTheOldestGoAndThoseOfOneMomentTogether) {
  FactsInOrder facts;
  for (const char* id : {"a", "b", "c"}) {
    facts.Add(At(kStart, id));
  }
  facts.Add(At(kStart + kSecond, "d"));
  facts.Add(At(kStart + 2 * kSecond, "e"));
  EXPECT_EQ(facts.TimeToShrinkTo(facts.bytes() - 1), kStart + 1);
  EXPECT_EQ(facts.TimeToShrinkTo(BytesOf(At(kStart, "e"))), kStart + kSecond + 1);
  EXPECT_EQ(facts.TimeToShrinkTo(0), kStart + 2 * kSecond + 1);
}

TEST(FactsInOrderTest, ComesBackAsItWas) {
  FactsInOrder facts;
  facts.Add(At(kStart + 1, "b"));
  facts.Add(At(kStart, "a"));
  const std::string bytes = SavedBytes(facts.Freeze());
  FactsInOrder restored;
  ByteReader reader(bytes);
  restored.Restore(reader);
  EXPECT_TRUE(reader.ok() && reader.at_end());
  EXPECT_EQ(restored.bytes(), facts.bytes());
  EXPECT_EQ(restored.first(), facts.first());
}

TEST(FactsInOrderTest, AnEventThatComesTwiceInASnapshotIsDamage) {
  ByteWriter writer;
  writer.Unsigned(2);
  EncodeFact(At(kStart, "a"), writer);
  EncodeFact(At(kStart, "a"), writer);
  ByteReader reader(writer.bytes());
  FactsInOrder restored;
  restored.Restore(reader);
  EXPECT_FALSE(reader.ok());
}

}  // namespace
}  // namespace hark::detect
