#include "hark/large_turn.h"

#include <atomic>
#include <thread>
#include <utility>

#include "gtest/gtest.h"

namespace hark {
namespace {

TEST(LargeTurnTest, OnlyWhatIsLargeTakesIt) {
  LargeTurn turn(LargeTurn::kLarge);
  EXPECT_FALSE(turn.is_taken());
  turn.TakeFor(LargeTurn::kLarge + 1);
  EXPECT_TRUE(turn.is_taken());
  turn.Release();
  EXPECT_FALSE(turn.is_taken());
}

TEST(LargeTurnTest, AThreadThatHasItMayTakeItAgain) {
  LargeTurn outer(LargeTurn::kLarge + 1);
  {
    const LargeTurn inner(LargeTurn::kLarge + 1);
    EXPECT_TRUE(inner.is_taken());
  }
  EXPECT_TRUE(outer.is_taken());
}

TEST(LargeTurnTest, OneThreadAtATimeHasIt) {
  std::atomic<int> having{0};
  std::atomic<int> most{0};
  const auto take = [&having, &most] {
    for (int i = 0; i < 1000; ++i) {
      const LargeTurn outer(LargeTurn::kLarge + 1);
      LargeTurn inner(LargeTurn::kLarge + 1);
      const int now = ++having;
      most = now > most ? now : most.load();
      inner.Release();
      --having;
    }
  };
  std::thread first(take), second(take), third(take);
  first.join();
  second.join();
  third.join();
  EXPECT_EQ(most, 1);
}

TEST(LargeTurnTest, ItMovesWithWhatHoldsIt) {
  LargeTurn first(LargeTurn::kLarge + 1);
  LargeTurn second = std::move(first);
  EXPECT_TRUE(second.is_taken());
}

}  // namespace
}  // namespace hark
