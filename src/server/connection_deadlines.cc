#include "server/connection_deadlines.h"

#include <sys/socket.h>

#include <algorithm>

namespace hark::server {
namespace {

// The longest sleep: what is waited for comes by a notification anyhow.
constexpr std::chrono::hours kIdle{1};

}  // namespace

ConnectionDeadlines::ConnectionDeadlines() : thread_([this] { Run(); }) {}

ConnectionDeadlines::~ConnectionDeadlines() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  thread_.join();
}

void ConnectionDeadlines::Set(int fd, absl::Duration within) {
  const TimePoint deadline = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(within);
  const MutexLock lock(mutex_);
  deadlines_.insert_or_assign(fd, deadline);
  if (deadline < next_wake_) {
    changed_.NotifyAll();
  }
}

void ConnectionDeadlines::Remove(int fd) {
  const MutexLock lock(mutex_);
  deadlines_.erase(fd);
}

void ConnectionDeadlines::Run() {
  MutexLock lock(mutex_);
  while (!stopping_) {
    next_wake_ = ShutDownOverdue(std::chrono::steady_clock::now());
    changed_.WaitUntil(lock, next_wake_);
  }
}

ConnectionDeadlines::TimePoint ConnectionDeadlines::ShutDownOverdue(TimePoint now) {
  TimePoint next = now + kIdle;
  for (auto entry = deadlines_.begin(); entry != deadlines_.end();) {
    if (entry->second > now) {
      next = std::min(next, entry->second);
      ++entry;
      continue;
    }
    // Closing is the server's: it sees the end of the connection and tidies up.
    shutdown(entry->first, SHUT_RDWR);
    entry = deadlines_.erase(entry);
  }
  return next;
}

}  // namespace hark::server
