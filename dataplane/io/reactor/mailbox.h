#pragma once

#include <atomic>
#include <utility>

#include "absl/functional/any_invocable.h"

namespace penstock::io {

// Closures from any thread to one thread, in the order of posting. Lock-free; one allocation per message, so it is for
// control and configuration, not for requests.
class Mailbox {
 public:
  using Work = absl::AnyInvocable<void()>;

  Mailbox() = default;
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;
  ~Mailbox() { Delete(newest_.exchange(nullptr)); }

  // True if the mailbox was empty: only then must the receiver be woken.
  bool Post(Work work) {
    Message* older = newest_.load(std::memory_order_relaxed);
    Message* message = new Message{std::move(work), nullptr};
    do {
      message->older = older;
    } while (!newest_.compare_exchange_weak(older, message, std::memory_order_release, std::memory_order_relaxed));
    return older == nullptr;
  }

  // Runs what was posted before the call. Receiver's thread only.
  void RunAll() {
    Message* oldest = Reverse(newest_.exchange(nullptr, std::memory_order_acquire));
    while (oldest != nullptr) {
      Message* message = oldest;
      oldest = message->older;
      message->work();
      delete message;
    }
  }

 private:
  struct Message {
    Work work;
    Message* older;
  };

  static Message* Reverse(Message* list) {
    Message* reversed = nullptr;
    while (list != nullptr) {
      Message* next = list->older;
      list->older = reversed;
      reversed = list;
      list = next;
    }
    return reversed;
  }
  static void Delete(Message* list) {
    while (list != nullptr) {
      Message* next = list->older;
      delete list;
      list = next;
    }
  }

  std::atomic<Message*> newest_{nullptr};
};

}  // namespace penstock::io
