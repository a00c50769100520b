#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "dataplane/base/mutex.h"
#include "dataplane/xds/stream.h"

namespace penstock::xds {

// Messages that others than the stream's thread have for it: answers to questions. An answer whose stream has ended
// meanwhile is dropped: nobody waits for it. Any thread.
class Outbox {
 public:
  // STREAM is what messages are for from now on, until Close(). A number for it.
  uint64_t Open(Stream* stream);
  void Close();

  // For the stream of that number, which is woken.
  void Put(uint64_t number, std::string message);
  // What was put since, for the stream's thread to send.
  std::vector<std::string> Take();
  // Wakes the stream, if there is one.
  void Wake();

 private:
  Mutex mutex_;
  Stream* stream_ ABSL_GUARDED_BY(mutex_) = nullptr;
  uint64_t number_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::string> messages_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace penstock::xds
