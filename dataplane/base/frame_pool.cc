#include "dataplane/base/frame_pool.h"

#include <cstdint>
#include <new>

namespace penstock::frame_pool {
namespace {

constexpr std::size_t kGranule = 64;
constexpr std::size_t kClasses = kLargestPooled / kGranule;

struct FreeFrame {
  FreeFrame* next;
};

struct FreeList {
  FreeFrame* head;
  std::uint32_t count;
};

// Trivial, so that access needs no guard; Cleaner below gives the memory back at the thread's end.
struct Lists {
  FreeList classes[kClasses];
  bool closed;
};

constinit thread_local Lists lists{};

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

[[maybe_unused]] std::size_t ClassOf(std::size_t size) { return (size + kGranule - 1) / kGranule - 1; }

}  // namespace

void* Allocate(std::size_t size) {
#ifdef PENSTOCK_SANITIZED
  return ::operator new(size);
#else
  if (size > kLargestPooled || size == 0) return ::operator new(size);
  FreeList& list = lists.classes[ClassOf(size)];
  if (FreeFrame* frame = list.head) {
    list.head = frame->next;
    --list.count;
    return frame;
  }
  cleaner.Touch();
  return ::operator new((ClassOf(size) + 1) * kGranule);
#endif
}

void Free(void* frame, std::size_t size) {
#ifdef PENSTOCK_SANITIZED
  ::operator delete(frame);
#else
  if (size > kLargestPooled || size == 0 || lists.closed) return ::operator delete(frame);
  FreeList& list = lists.classes[ClassOf(size)];
  if (list.count >= kKeptPerClass) return ::operator delete(frame);
  list.head = new (frame) FreeFrame{list.head};
  ++list.count;
#endif
}

std::size_t FreeFrames() {
  std::size_t total = 0;
  for (const FreeList& list : lists.classes) total += list.count;
  return total;
}

}  // namespace penstock::frame_pool
