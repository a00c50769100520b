#pragma once

#include <cstddef>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PENSTOCK_SANITIZED 1
#endif
#endif

// Memory of coroutine frames: free lists per thread and size, so that a request's coroutines cost no heap in steady
// state. Plain heap under sanitizers, so that use after free is seen.
namespace penstock::frame_pool {

// Frames up to this size are pooled; larger ones come from the heap.
inline constexpr std::size_t kLargestPooled = 4096;
// Free frames kept per thread and size class; the rest goes back to the heap, so that a burst does not hold memory
// forever.
inline constexpr std::size_t kKeptPerClass = 1024;

void* Allocate(std::size_t size);
void Free(void* frame, std::size_t size);

// Frames on this thread's free lists; for tests and metrics.
std::size_t FreeFrames();

}  // namespace penstock::frame_pool
