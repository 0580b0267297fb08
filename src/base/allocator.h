#pragma once

#include <malloc.h>

namespace hark {

// Has glibc merge each piece of memory with its free neighbours when it is freed, for the whole
// process; call it once, early. By default pieces of up to 128 bytes are only put on a list, and
// the next larger allocation merges all of them: after another thread has freed a million, that
// one call takes 100 ms. No other allocator is asked.
inline void FreeAtOnce() {
#ifdef M_MXFAST
  mallopt(M_MXFAST, 0);
#endif
}

}  // namespace hark
