#pragma once

#include <cstdio>
#include <cstdlib>

// Aborts, in every build, if the condition is false. For bugs and a broken installation only:
// what comes from outside is never checked with it.
#define HARK_CHECK(condition)                                                            \
  do {                                                                                   \
    if (!(condition)) {                                                                  \
      std::fprintf(stderr, "%s:%d: check failed: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                      \
    }                                                                                    \
  } while (false)
