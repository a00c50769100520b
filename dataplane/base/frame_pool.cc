#include "dataplane/base/frame_pool.h"

namespace penstock::frame_pool {
namespace internal {
namespace {

// Gives the memory back at the thread's end.
struct Cleaner {
  ~Cleaner() {
    lists.closed = true;
    for (FreeList& list : lists.classes) {
      while (FreeFrame* frame = list.head) {
        list.head = frame->next;
        ::operator delete(frame);
      }
      list.count = 0;
    }
  }
  void Touch() {}
};

[[maybe_unused]] thread_local Cleaner cleaner;

}  // namespace

constinit thread_local Lists lists{};

void* AllocateNew(std::size_t size) {
#ifdef PENSTOCK_SANITIZED
  return ::operator new(size);
#else
  if (size > kLargestPooled || size == 0) return ::operator new(size);
  cleaner.Touch();
  return ::operator new((ClassOf(size) + 1) * kGranule);
#endif
}

}  // namespace internal

std::size_t FreeFrames() {
  std::size_t total = 0;
  for (const internal::FreeList& list : internal::lists.classes) total += list.count;
  return total;
}

}  // namespace penstock::frame_pool
