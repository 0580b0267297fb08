#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"

#include "base/mutex.h"
#include "server/audit_sink.h"

namespace hark::testing {

// A sink that keeps what it is given, and answers at once or when the test says so. Thread-safe.
class FakeAuditSink : public server::AuditSink {
 public:
  void OnOpen(std::string_view listener, std::string_view cluster) override {
    const MutexLock lock(mutex_);
    calls_.push_back("open " + std::string(listener) + " " + std::string(cluster));
    changed_.NotifyAll();
  }
  void OnClose(std::string_view listener, std::string_view cluster) override {
    const MutexLock lock(mutex_);
    calls_.push_back("close " + std::string(listener) + " " + std::string(cluster));
    changed_.NotifyAll();
  }
  void Take(server::AuditBody body, std::function<void(server::AuditOutcome)> done) override {
    server::AuditOutcome outcome{};
    {
      const MutexLock lock(mutex_);
      calls_.push_back("take " + body.listener + " " + body.cluster);
      texts_.emplace_back(body.bytes.get(), body.size);
      changed_.NotifyAll();
      if (holds_) {
        held_.emplace_back(std::move(body), std::move(done));
        return;
      }
      outcome = outcome_;
    }
    done(outcome);
  }

  // What bodies become from now on.
  void AnswerWith(server::AuditOutcome outcome) {
    const MutexLock lock(mutex_);
    outcome_ = outcome;
    holds_ = false;
  }
  // From now on bodies are kept, with their memory, until Release() or Drop().
  void Hold() {
    const MutexLock lock(mutex_);
    holds_ = true;
  }
  void Release(server::AuditOutcome outcome = server::AuditOutcome::kStored) {
    for (Held& held : TakeHeld()) {
      held.first = {};
      held.second(outcome);
    }
  }
  // Without an answer.
  void Drop() { TakeHeld(); }

  // Wait for as many calls as that, of any kind, or for so many bodies.
  void WaitForCalls(std::size_t count) {
    MutexLock lock(mutex_);
    while (calls_.size() < count) {
      changed_.Wait(lock);
    }
  }
  void WaitForBodies(std::size_t count) {
    MutexLock lock(mutex_);
    while (texts_.size() < count) {
      changed_.Wait(lock);
    }
  }

  std::vector<std::string> calls() const {
    const MutexLock lock(mutex_);
    return calls_;
  }
  std::vector<std::string> texts() const {
    const MutexLock lock(mutex_);
    return texts_;
  }

 private:
  using Held = std::pair<server::AuditBody, std::function<void(server::AuditOutcome)>>;

  std::vector<Held> TakeHeld() {
    const MutexLock lock(mutex_);
    return std::exchange(held_, {});
  }

  mutable Mutex mutex_;
  CondVar changed_;
  bool holds_ ABSL_GUARDED_BY(mutex_) = false;
  server::AuditOutcome outcome_ ABSL_GUARDED_BY(mutex_) = server::AuditOutcome::kStored;
  std::vector<std::string> calls_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> texts_ ABSL_GUARDED_BY(mutex_);
  std::vector<Held> held_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hark::testing
