#pragma once

#include <chrono>
#include <map>
#include <thread>

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

  // From now on the connection has that long; a deadline given before is forgotten.
  void Set(int fd, absl::Duration within) ABSL_LOCKS_EXCLUDED(mutex_);
  // REQUIRES: is called before the descriptor is closed, and so before its number is reused.
  void Remove(int fd) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using TimePoint = std::chrono::steady_clock::time_point;

  void Run() ABSL_LOCKS_EXCLUDED(mutex_);
  // Returns the earliest deadline that is still to come.
  TimePoint ShutDownOverdue(TimePoint now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Mutex mutex_;
  CondVar changed_;
  std::map<int, TimePoint> deadlines_ ABSL_GUARDED_BY(mutex_);
  TimePoint next_wake_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace hark::server
