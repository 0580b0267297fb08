#include "server/awaited_outcome.h"

#include <utility>

namespace hark::server {
namespace {

// What the copies of one `done` share.
class Promise {
 public:
  explicit Promise(std::shared_ptr<AwaitedOutcome> awaited) : awaited_(std::move(awaited)) {}
  ~Promise() { awaited_->Settle(AuditOutcome::kUnavailable); }
  Promise(const Promise&) = delete;
  Promise& operator=(const Promise&) = delete;

  void Keep(AuditOutcome outcome) { awaited_->Settle(outcome); }

 private:
  const std::shared_ptr<AwaitedOutcome> awaited_;
};

}  // namespace

std::shared_ptr<AwaitedOutcome> AwaitedOutcome::Create(std::function<void()> settled) {
  return std::shared_ptr<AwaitedOutcome>(new AwaitedOutcome(std::move(settled)));
}

void AwaitedOutcome::Settle(AuditOutcome outcome) {
  const MutexLock lock(mutex_);
  if (outcome_) {
    return;
  }
  outcome_ = outcome;
  settled_();
}

std::optional<AuditOutcome> AwaitedOutcome::outcome() const {
  const MutexLock lock(mutex_);
  return outcome_;
}

std::function<void(AuditOutcome)> AwaitedOutcome::Done() {
  return [promise = std::make_shared<Promise>(shared_from_this())](AuditOutcome outcome) {
    promise->Keep(outcome);
  };
}

}  // namespace hark::server
