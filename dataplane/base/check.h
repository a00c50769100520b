#pragma once

#include <cstdio>
#include <cstdlib>

// For broken invariants only, never for input: prints where and what, and aborts.
#define PENSTOCK_CHECK(condition, text)                                                                 \
  do {                                                                                                  \
    if (!(condition)) [[unlikely]] {                                                                    \
      std::fprintf(stderr, "%s:%d: broken invariant: %s (%s)\n", __FILE__, __LINE__, text, #condition); \
      std::abort();                                                                                     \
    }                                                                                                   \
  } while (false)
