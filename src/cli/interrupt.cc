#include "cli/interrupt.h"

#include <csignal>

namespace hark::cli {
namespace {

std::atomic<bool> stop = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may not take a lock");

extern "C" void OnInterrupt(int signal) {
  stop.store(true, std::memory_order_relaxed);
  std::signal(signal, SIG_DFL);
}

}  // namespace

std::atomic<bool>& StopOnInterrupt() {
  std::signal(SIGINT, OnInterrupt);
  return stop;
}

}  // namespace hark::cli
