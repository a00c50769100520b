#pragma once

#include <cstddef>

namespace penstock::test {

// How often this process has asked the heap for memory so far: by `new`, and by what C libraries do behind it. Any
// thread. Always 0 under a sanitizer, which has a heap of its own, and whose pools keep nothing.
size_t Allocations();

}  // namespace penstock::test
