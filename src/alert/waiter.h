#pragma once

#include <chrono>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"

#include "base/mutex.h"

namespace hark::alert {

// The Wait and Wake of a destination that has nothing else to wait for. Thread-safe.
class Waiter {
 public:
  void Wait(absl::Duration at_most) {
    const auto deadline = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(at_most);
    MutexLock lock(mutex_);
    while (!woken_ && std::chrono::steady_clock::now() < deadline) {
      changed_.WaitUntil(lock, deadline);
    }
    woken_ = false;
  }
  void Wake() {
    const MutexLock lock(mutex_);
    woken_ = true;
    changed_.NotifyAll();
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace hark::alert
