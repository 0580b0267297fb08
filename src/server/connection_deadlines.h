#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"

#include "base/mutex.h"

namespace hark::server {

// Shuts connections down that take too long. libmicrohttpd's own time-out starts anew with every
// byte, so that a client that sends one byte a second is never cut. Thread-safe.
class ConnectionDeadlines {
 public:
  ConnectionDeadlines();
  ~ConnectionDeadlines();
  ConnectionDeadlines(const ConnectionDeadlines&) = delete;
  ConnectionDeadlines& operator=(const ConnectionDeadlines&) = delete;

  // From now on the connection has that long; a deadline given before is forgotten. `overdue`, if
  // there is one, is called in place of shutting the connection down: on another thread, and
  // perhaps even after Remove().
  void Set(int fd, absl::Duration within, std::function<void()> overdue = {})
      ABSL_LOCKS_EXCLUDED(mutex_);
  // REQUIRES: is called before the descriptor is closed, and so before its number is reused.
  void Remove(int fd) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using TimePoint = std::chrono::steady_clock::time_point;

  struct Deadline {
    TimePoint time;
    std::function<void()> overdue;
  };

  void Run() ABSL_LOCKS_EXCLUDED(mutex_);
  // Shuts down what is overdue, returns what is to be called instead, and sets next_wake_.
  std::vector<std::function<void()>> TakeOverdue(TimePoint now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Mutex mutex_;
  CondVar changed_;
  std::map<int, Deadline> deadlines_ ABSL_GUARDED_BY(mutex_);
  TimePoint next_wake_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace hark::server
