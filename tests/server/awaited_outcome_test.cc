#include "server/awaited_outcome.h"

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace hark::server {
namespace {

class AwaitedOutcomeTest : public ::testing::Test {
 protected:
  std::atomic<int> settled_{0};
  std::shared_ptr<AwaitedOutcome> awaited_ = AwaitedOutcome::Create([this] { ++settled_; });
};

TEST_F(AwaitedOutcomeTest, BelievesTheFirst) {
  EXPECT_EQ(awaited_->outcome(), std::nullopt);
  const std::function<void(AuditOutcome)> done = awaited_->Done();
  done(AuditOutcome::kStored);
  awaited_->Settle(AuditOutcome::kUnavailable);
  done(AuditOutcome::kBusy);
  EXPECT_EQ(awaited_->outcome(), AuditOutcome::kStored);
  EXPECT_EQ(settled_, 1);
}

TEST_F(AwaitedOutcomeTest, IsUnavailableWhenTheLastCopyOfDoneIsGone) {
  std::function<void(AuditOutcome)> done = awaited_->Done();
  std::function<void(AuditOutcome)> copy = done;
  done = nullptr;
  EXPECT_EQ(awaited_->outcome(), std::nullopt);
  copy = nullptr;
  EXPECT_EQ(awaited_->outcome(), AuditOutcome::kUnavailable);
  EXPECT_EQ(settled_, 1);
}

TEST_F(AwaitedOutcomeTest, DoneOutlivesWhoWaits) {
  const std::function<void(AuditOutcome)> done = awaited_->Done();
  awaited_.reset();
  done(AuditOutcome::kStored);
  EXPECT_EQ(settled_, 1);
}

TEST_F(AwaitedOutcomeTest, SettlesOnceForThreadsThatKnowAtOnce) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] { awaited_->Settle(AuditOutcome::kStored); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(settled_, 1);
}

}  // namespace
}  // namespace hark::server
