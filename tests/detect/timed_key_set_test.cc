#include "detect/timed_key_set.h"

#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "detect/saved_bytes.h"
#include "support/fact_builder.h"

namespace hark::detect {
namespace {

using ::hark::testing::kMinute;
using ::hark::testing::kStart;
using ::hark::testing::SavedBytes;

Hash128 Key(std::string_view name) {
  return HashParts({name});
}

std::string Saved(const TimedKeySet& set) {
  return SavedBytes(set.Freeze());
}

bool Restores(TimedKeySet& set, const std::string& bytes) {
  ByteReader reader(bytes);
  set.Restore(reader);
  return reader.ok();
}

TEST(TimedKeySetTest, AKeyIsNewOnce) {
  TimedKeySet set;
  EXPECT_TRUE(set.Insert(kStart, Key("a")));
  EXPECT_FALSE(set.Insert(kStart, Key("a")));
  EXPECT_TRUE(set.Insert(kStart, Key("b")));
}

TEST(TimedKeySetTest, ContainsOnlyWhatWasInserted) {
  TimedKeySet set;
  set.Insert(kStart, Key("a"));
  EXPECT_TRUE(set.Contains(kStart, Key("a")));
  EXPECT_FALSE(set.Contains(kStart, Key("b")));
  EXPECT_FALSE(set.Contains(kStart + kMinute, Key("a")));
}

TEST(TimedKeySetTest, AKeyOfTheHorizonIsRemembered) {
  TimedKeySet set;
  set.Insert(kStart, Key("a"));
  set.ForgetBefore(kStart);
  EXPECT_TRUE(set.Contains(kStart, Key("a")));
}

TEST(TimedKeySetTest, AKeyIsRememberedAsLongAsItsMinuteReachesTheHorizon) {
  TimedKeySet set;
  set.Insert(kStart, Key("a"));
  set.ForgetBefore(kStart + kMinute - 1);
  EXPECT_TRUE(set.Contains(kStart, Key("a")));
  set.ForgetBefore(kStart + kMinute);
  EXPECT_FALSE(set.Contains(kStart, Key("a")));
}

TEST(TimedKeySetTest, TimesBeforeTheEpochHaveMinutesToo) {
  TimedKeySet set;
  set.Insert(-1, Key("a"));
  set.Insert(0, Key("b"));
  set.ForgetBefore(-1);
  EXPECT_TRUE(set.Contains(-1, Key("a")));
  set.ForgetBefore(0);
  EXPECT_FALSE(set.Contains(-1, Key("a")));
  EXPECT_TRUE(set.Contains(0, Key("b")));
}

TEST(TimedKeySetTest, ForgettingTheOldestTellsFromWhenOnKeysAreKnown) {
  TimedKeySet set;
  set.Insert(kStart + 5, Key("a"));
  set.Insert(kStart + 3 * kMinute, Key("b"));
  EXPECT_EQ(set.ForgetOldest(), kStart + kMinute);
  EXPECT_FALSE(set.Contains(kStart + 5, Key("a")));
  EXPECT_TRUE(set.Contains(kStart + 3 * kMinute, Key("b")));
}

TEST(TimedKeySetTest, BytesFollowTheNumberOfKeys) {
  TimedKeySet set;
  set.Insert(kStart, Key("a"));
  set.Insert(kStart, Key("a"));
  set.Insert(kStart + kMinute, Key("b"));
  EXPECT_EQ(set.bytes(), 2 * TimedKeySet::kBytesPerKey);
  set.ForgetOldest();
  EXPECT_EQ(set.bytes(), TimedKeySet::kBytesPerKey);
}

TEST(TimedKeySetTest, EqualSetsGiveEqualBytesWhateverTheOrderOfInsertion) {
  TimedKeySet forward;
  TimedKeySet backward;
  for (int i = 0; i < 100; ++i) {
    forward.Insert(kStart + i % 3 * kMinute, Key(std::to_string(i)));
    const int j = 99 - i;
    backward.Insert(kStart + j % 3 * kMinute, Key(std::to_string(j)));
  }
  EXPECT_EQ(Saved(forward), Saved(backward));
}

// As many that a minute is kept in parts, in two orders.
TEST(TimedKeySetTest, AMinuteMayHaveAnyNumberOfKeys) {
  constexpr int kKeys = 5'000;
  TimedKeySet forward;
  TimedKeySet backward;
  for (int i = 0; i < kKeys; ++i) {
    EXPECT_TRUE(forward.Insert(kStart, Key(std::to_string(i))));
    EXPECT_TRUE(backward.Insert(kStart, Key(std::to_string(kKeys - 1 - i))));
  }
  for (int i = 0; i < kKeys; ++i) {
    EXPECT_TRUE(forward.Contains(kStart, Key(std::to_string(i))));
    EXPECT_FALSE(forward.Insert(kStart, Key(std::to_string(i))));
    EXPECT_FALSE(forward.Contains(kStart, Key(std::to_string(kKeys + i))));
  }
  EXPECT_EQ(Saved(forward), Saved(backward));
  TimedKeySet restored;
  ASSERT_TRUE(Restores(restored, Saved(forward)));
  EXPECT_EQ(Saved(restored), Saved(forward));
  EXPECT_EQ(restored.bytes(), kKeys * TimedKeySet::kBytesPerKey);
}

// Also while the minute is parted.
TEST(TimedKeySetTest, AFrozenSetStaysAsItWas) {
  const auto freezer = std::make_shared<Freezer>();
  TimedKeySet set(freezer);
  for (int i = 0; i < 3'000; ++i) {
    if (i % 100 != 50) {
      set.Insert(kStart + i % 2 * kMinute, Key(std::to_string(i)));
      continue;
    }
    const std::string before = Saved(set);
    freezer->Freeze();
    const FrozenKeys frozen = set.Freeze();
    for (int j = i; j < i + 50; ++j) {
      set.Insert(kStart + i % 2 * kMinute, Key(std::to_string(j)));
    }
    EXPECT_EQ(SavedBytes(frozen), before);
    freezer->Thaw();
  }
  freezer->Freeze();
  const std::string before = Saved(set);
  const FrozenKeys frozen = set.Freeze();
  set.ForgetOldest();
  set.ForgetOldest();
  EXPECT_EQ(set.bytes(), 0);
  EXPECT_EQ(SavedBytes(frozen), before);
  freezer->Thaw();
}

TEST(TimedKeySetTest, ComesBackAsItWas) {
  TimedKeySet set;
  set.Insert(kStart, Key("a"));
  set.Insert(kStart + kMinute, Key("b"));
  TimedKeySet restored;
  restored.Insert(kStart, Key("of before"));
  ASSERT_TRUE(Restores(restored, Saved(set)));
  EXPECT_TRUE(restored.Contains(kStart, Key("a")));
  EXPECT_FALSE(restored.Contains(kStart, Key("of before")));
  EXPECT_EQ(restored.bytes(), set.bytes());
  EXPECT_EQ(Saved(restored), Saved(set));
}

TEST(TimedKeySetTest, AMinuteThatComesTwiceIsDamage) {
  ByteWriter writer;
  writer.Unsigned(2);
  for (int i = 0; i < 2; ++i) {
    writer.Signed(7);
    writer.Unsigned(1);
    writer.Hash(Key("a"));
  }
  TimedKeySet set;
  EXPECT_FALSE(Restores(set, writer.Take()));
}

TEST(TimedKeySetTest, AMinuteBeyondTheEndOfTimeIsDamage) {
  ByteWriter writer;
  writer.Unsigned(1);
  writer.Signed(INT64_MAX);
  writer.Unsigned(1);
  writer.Hash(Key("a"));
  TimedKeySet set;
  EXPECT_FALSE(Restores(set, writer.Take()));
}

}  // namespace
}  // namespace hark::detect
