// A library for LD_PRELOAD: clocks of a process that a test shifts while it runs. The file that the
// environment variable HARK_SHIFTED_CLOCK names holds two numbers of eight bytes, by how many
// nanoseconds the wall clock and the clocks that nobody sets are ahead. A wait that has begun ends
// as it would have.
//
// (libfaketime leaves pthread_cond_clockwait alone, which is what std::condition_variable waits
// with: shifted, such a wait would not end.)

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

struct Shifts {
  std::atomic<std::int64_t> wall, steady;
};

const Shifts* MapShifts() {
  static const Shifts none{};
  const char* const path = std::getenv("HARK_SHIFTED_CLOCK");
  const int file = path == nullptr ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return &none;
  }
  void* const mapped = mmap(nullptr, sizeof(Shifts), PROT_READ, MAP_SHARED, file, 0);
  close(file);
  return mapped == MAP_FAILED ? &none : static_cast<const Shifts*>(mapped);
}

std::int64_t ShiftOf(clockid_t clock) {
  static const Shifts* const shifts = MapShifts();
  switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
      return shifts->wall;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_BOOTTIME:
      return shifts->steady;
    default:
      return 0;  // of processor time
  }
}

timespec Shifted(const timespec& time, std::int64_t by) {
  const std::int64_t nanoseconds = time.tv_sec * kSecond + time.tv_nsec + by;
  return {.tv_sec = nanoseconds / kSecond, .tv_nsec = nanoseconds % kSecond};
}

template <typename Function>
Function* Next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

// NOLINTBEGIN(readability-identifier-naming): the names are the C library's.
// The library names its parameters in its own way.
// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)
extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const long result = syscall(SYS_clock_gettime, clock, time);
  if (result == 0) {
    *time = Shifted(*time, ShiftOf(clock));
  }
  return static_cast<int>(result);
}

int gettimeofday(timeval* time, void* /*zone*/) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  *time = {.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
  return 0;
}

time_t time(time_t* result) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (result != nullptr) {
    *result = now.tv_sec;
  }
  return now.tv_sec;
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                           const timespec* deadline) {
  static auto* const next = Next<decltype(pthread_cond_clockwait)>("pthread_cond_clockwait");
  const timespec real = Shifted(*deadline, -ShiftOf(clock));
  return next(condition, mutex, clock, &real);
}

}  // extern "C"
// NOLINTEND(readability-inconsistent-declaration-parameter-name)
// NOLINTEND(readability-identifier-naming)
