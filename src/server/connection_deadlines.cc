#include "server/connection_deadlines.h"

#include <sys/socket.h>

#include <algorithm>
#include <utility>

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

void ConnectionDeadlines::Set(int fd, absl::Duration within, std::function<void()> overdue) {
  const TimePoint time = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(within);
  const MutexLock lock(mutex_);
  deadlines_.insert_or_assign(fd, Deadline{.time = time, .overdue = std::move(overdue)});
  if (time < next_wake_) {
    changed_.NotifyAll();
  }
}

void ConnectionDeadlines::Remove(int fd) {
  const MutexLock lock(mutex_);
  deadlines_.erase(fd);
}

void ConnectionDeadlines::Run() {
  for (;;) {
    std::vector<std::function<void()>> overdue;
    {
      MutexLock lock(mutex_);
      if (stopping_) {
        return;
      }
      overdue = TakeOverdue(std::chrono::steady_clock::now());
      if (overdue.empty()) {
        changed_.WaitUntil(lock, next_wake_);
      }
    }
    for (const std::function<void()>& call : overdue) {
      call();
    }
  }
}

std::vector<std::function<void()>> ConnectionDeadlines::TakeOverdue(TimePoint now) {
  std::vector<std::function<void()>> overdue;
  next_wake_ = now + kIdle;
  for (auto entry = deadlines_.begin(); entry != deadlines_.end();) {
    auto& [fd, deadline] = *entry;
    if (deadline.time > now) {
      next_wake_ = std::min(next_wake_, deadline.time);
      ++entry;
      continue;
    }
    if (deadline.overdue) {
      overdue.push_back(std::move(deadline.overdue));
    } else {
      // Closing is the server's: it sees the end of the connection and tidies up.
      shutdown(fd, SHUT_RDWR);
    }
    entry = deadlines_.erase(entry);
  }
  return overdue;
}

}  // namespace hark::server
