#include "server/memory_budget.h"

#include <atomic>
#include <cstdint>
#include <limits>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace hark::server {
namespace {

TEST(MemoryBudgetTest, GivesUntilNothingIsLeft) {
  MemoryBudget budget(100);
  auto first = budget.Reserve(60);
  ASSERT_TRUE(first.has_value());
  EXPECT_FALSE(budget.Reserve(41).has_value());
  EXPECT_FALSE(first->Grow(41));
  EXPECT_EQ(first->size(), 60U);
  EXPECT_TRUE(first->Grow(40));
  EXPECT_EQ(budget.used(), 100U);
  EXPECT_FALSE(first->Grow(std::numeric_limits<std::size_t>::max()));
  first.reset();
  EXPECT_EQ(budget.used(), 0U);
}

TEST(MemoryBudgetTest, AReservationMoves) {
  MemoryBudget budget(100);
  auto first = budget.Reserve(60);
  auto second = budget.Reserve(30);
  *first = *std::move(second);  // gives 60 back
  EXPECT_EQ(budget.used(), 30U);
  MemoryReservation third = *std::move(first);
  EXPECT_EQ(third.size(), 30U);
  // What was moved from gives nothing back.
  first.reset();   // NOLINT(bugprone-use-after-move)
  second.reset();  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(budget.used(), 30U);
  third.Release();
  EXPECT_EQ(budget.used(), 0U);
}

TEST(MemoryBudgetTest, AReservationOfNothingCannotGrow) {
  MemoryReservation none;
  EXPECT_FALSE(none.Grow(1));
  none.Release();
  EXPECT_EQ(none.size(), 0U);
}

// Sets `overdrawn` if more than 1,000 bytes are held at once.
void TakeOften(MemoryBudget& budget, std::atomic<std::size_t>& held, std::atomic<bool>& overdrawn) {
  for (int n = 0; n < 10'000; ++n) {
    auto reservation = budget.Reserve(300);
    if (reservation && reservation->Grow(100)) {
      overdrawn = overdrawn || held.fetch_add(400) + 400 > 1'000;
      held -= 400;
    }
  }
}

TEST(MemoryBudgetTest, IsNeverOverdrawnByThreadsThatTakeAtOnce) {
  MemoryBudget budget(1'000);
  std::atomic<std::size_t> held{0};
  std::atomic<bool> overdrawn{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { TakeOften(budget, held, overdrawn); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_FALSE(overdrawn);
  EXPECT_EQ(budget.used(), 0U);
}

}  // namespace
}  // namespace hark::server
