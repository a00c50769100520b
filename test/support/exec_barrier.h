#pragma once

namespace penstock::test {

// Make one before posix_spawn and let it end after: it waits until the new process has none of this one's descriptors
// any more. The kernel closes those with O_CLOEXEC, in their order, when posix_spawn has returned already; a socket
// that is closed here meanwhile would live on there and still make events, for an object that is gone.
class ExecBarrier {
 public:
  ExecBarrier();
  ~ExecBarrier();
  ExecBarrier(const ExecBarrier&) = delete;

 private:
  // Behind those that a test has, below the usual limit of 1024.
  static constexpr int kHighest = 900;

  int read_;
  int write_;  // the last one that is closed there
};

}  // namespace penstock::test
