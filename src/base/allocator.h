#pragma once

#include <malloc.h>

namespace hark {

// Has glibc merge each piece of memory with its free neighbours when it is freed, for the whole
// process; call it once, before any thread. By default pieces of up to 128 bytes are only put on a
// list, and the next larger allocation merges all of them: after another thread has freed a
// million, that one call takes 100 ms. No other allocator is asked.
inline void FreeAtOnce() {
#ifdef M_MXFAST
  mallopt(M_MXFAST, 0);  // NOLINT(concurrency-mt-unsafe): no other thread runs yet
#endif
}

// Has glibc give pieces of 4 MiB and more back to the system when they are freed, for the whole
// process; call it once, before any thread. By default it takes them from the system one by one
// only until the first is freed, and then keeps those of up to 32 MiB, some for each thread.
inline void GiveBackLarge() {
#ifdef M_MMAP_THRESHOLD
  mallopt(M_MMAP_THRESHOLD, 4 << 20);  // NOLINT(concurrency-mt-unsafe): the same
#endif
}

}  // namespace hark
