#include "detect/freezer.h"

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hark::detect {
namespace {

// Counts how many of it there are.
class Counted {
 public:
  explicit Counted(int& alive) : alive_(&alive) { ++*alive_; }
  Counted(const Counted& other) : text(other.text), alive_(other.alive_) { ++*alive_; }
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --*alive_; }

  std::string text = "old";

 private:
  int* alive_;
};

class FreezerTest : public ::testing::Test {
 protected:
  Freezable<Counted> Make() { return {std::make_unique<Counted>(alive_), freezer_}; }

  int alive_ = 0;
  Freezer freezer_;
};

TEST_F(FreezerTest, AValueIsChangedInPlaceWhereNothingIsFrozen) {
  Freezable<Counted> value = Make();
  const Counted* before = value.get();
  value.Mutable(freezer_).text = "new";
  EXPECT_EQ(value.get(), before);
  EXPECT_EQ(alive_, 1);
}

TEST_F(FreezerTest, AFrozenValueStaysAsItWas) {
  Freezable<Counted> value = Make();
  freezer_.Freeze();
  const Counted* frozen = value.get();
  value.Mutable(freezer_).text = "new";
  EXPECT_EQ(frozen->text, "old");
  EXPECT_EQ(value->text, "new");
  freezer_.Thaw();
  EXPECT_EQ(alive_, 1);
}

TEST_F(FreezerTest, AFrozenValueIsCopiedOnce) {
  Freezable<Counted> value = Make();
  freezer_.Freeze();
  const Counted* copy = &value.Mutable(freezer_);
  EXPECT_EQ(&value.Mutable(freezer_), copy);
  EXPECT_EQ(alive_, 2);
  freezer_.Thaw();
}

TEST_F(FreezerTest, AValueThatIsMadeAfterTheMomentIsNotFrozen) {
  freezer_.Freeze();
  Freezable<Counted> value = Make();
  value.Mutable(freezer_);
  EXPECT_EQ(alive_, 1);
  value.Retire(freezer_);
  EXPECT_EQ(alive_, 0);
  freezer_.Thaw();
}

TEST_F(FreezerTest, ARetiredValueLivesUntilTheThaw) {
  Freezable<Counted> value = Make();
  freezer_.Freeze();
  value.Retire(freezer_);
  EXPECT_FALSE(value);
  EXPECT_EQ(alive_, 1);
  freezer_.Thaw();
  EXPECT_EQ(alive_, 0);
}

TEST_F(FreezerTest, ARetiredValueGoesAtOnceWhereNothingIsFrozen) {
  Freezable<Counted> value = Make();
  value.Retire(freezer_);
  EXPECT_EQ(alive_, 0);
}

TEST_F(FreezerTest, EachMomentFreezesTheCopiesOfTheLastOne) {
  Freezable<Counted> value = Make();
  for (int i = 0; i < 3; ++i) {
    freezer_.Freeze();
    const Counted* frozen = value.get();
    value.Mutable(freezer_).text += "er";
    EXPECT_NE(value.get(), frozen);
    freezer_.Thaw();
  }
  EXPECT_EQ(value->text, "oldererer");
  EXPECT_EQ(alive_, 1);
}

using FreezerDeathTest = FreezerTest;

TEST_F(FreezerDeathTest, TwoMomentsAtATimeAreABug) {
  freezer_.Freeze();
  EXPECT_DEATH(freezer_.Freeze(), "check failed");
  freezer_.Thaw();
}

// What the thread sanitizer says of the order of memory counts here.
TEST_F(FreezerTest, AReaderSeesOneMomentWhileTheOwnerGoesOn) {
  constexpr int kRounds = 200;
  std::vector<Freezable<std::string>> values;
  for (int i = 0; i < 100; ++i) {
    values.emplace_back(std::make_unique<std::string>("0"), freezer_);
  }
  for (int round = 1; round <= kRounds; ++round) {
    freezer_.Freeze();
    std::vector<const std::string*> frozen;
    for (const auto& value : values) {
      frozen.push_back(value.get());
    }
    std::thread reader([&, frozen = std::move(frozen), before = std::to_string(round - 1)] {
      for (const std::string* text : frozen) {
        EXPECT_EQ(*text, before);
      }
      freezer_.Thaw();
    });
    // Some are changed before the thaw and some after it, as it happens.
    for (auto& value : values) {
      value.Mutable(freezer_) = std::to_string(round);
    }
    reader.join();
  }
}

}  // namespace
}  // namespace hark::detect
