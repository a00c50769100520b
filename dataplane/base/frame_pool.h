#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

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

namespace internal {

inline constexpr std::size_t kGranule = 64;
inline constexpr std::size_t kClasses = kLargestPooled / kGranule;

struct FreeFrame {
  FreeFrame* next;
};

struct FreeList {
  FreeFrame* head;
  std::uint32_t count;
};

// Trivial, so that access needs no guard.
struct Lists {
  FreeList classes[kClasses];
  bool closed;  // the thread is ending
};

extern constinit thread_local Lists lists;

constexpr std::size_t ClassOf(std::size_t size) { return (size + kGranule - 1) / kGranule - 1; }
void* AllocateNew(std::size_t size);

}  // namespace internal

inline void* Allocate(std::size_t size) {
#ifndef PENSTOCK_SANITIZED
  if (size <= kLargestPooled && size != 0) {
    internal::FreeList& list = internal::lists.classes[internal::ClassOf(size)];
    if (internal::FreeFrame* frame = list.head) {
      list.head = frame->next;
      --list.count;
      return frame;
    }
  }
#endif
  return internal::AllocateNew(size);
}

inline void Free(void* frame, std::size_t size) {
#ifndef PENSTOCK_SANITIZED
  if (size <= kLargestPooled && size != 0 && !internal::lists.closed) {
    internal::FreeList& list = internal::lists.classes[internal::ClassOf(size)];
    if (list.count < kKeptPerClass) {
      list.head = new (frame) internal::FreeFrame{list.head};
      ++list.count;
      return;
    }
  }
#endif
  ::operator delete(frame);
}

// Frames on this thread's free lists; for tests and metrics.
std::size_t FreeFrames();

}  // namespace penstock::frame_pool
