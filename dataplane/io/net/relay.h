#pragma once

#include <cstdint>

#include "dataplane/base/cancellation.h"
#include "dataplane/base/task.h"
#include "dataplane/io/net/stream.h"
#include "dataplane/io/reactor/timer.h"

namespace penstock::io {

// Copies the bytes of two streams to each other until both have ended. Holds at most one chunk per direction, and none
// while nothing comes. The end of one direction is passed on, the other goes on; a reset is passed on as a reset. What
// neither party ended (it was idle, it was cancelled) ends with a reset, too: nobody takes it for a complete exchange.
// Runs once; one thread.
class Relay final : private Timer {
 public:
  // Told of every chunk, once the other side has taken it.
  class Meter {
   public:
    virtual void OnBytes(const Stream& from, std::size_t bytes) = 0;

   protected:
    ~Meter() = default;
  };

  enum class End : std::uint8_t {
    kBoth,       // both directions ended
    kFirstGone,  // the first stream's peer broke off
    kSecondGone,
    kIdle,  // no byte moved for that long
    kCancelled,
  };

  // IDLE: how long no byte may move in either direction. All references outlive Run().
  Relay(Stream& first, Stream& second, Duration idle, Cancellation* parent, Meter& meter);
  Relay(const Relay&) = delete;

  Task<End> Run();

 private:
  // One direction, named after the stream that it reads.
  struct Leg final : Stream::Watcher {
    Leg(Relay& relay, Stream& from, Stream& to, End gone) : relay(relay), from(from), to(to), gone(gone) {}
    void OnReadable() override {}
    // Who reads sees the end itself, after the bytes before it; here is what nobody would read any more.
    void OnGone() override {
      if (done) relay.Stop(gone);
    }

    Relay& relay;
    Stream& from;
    Stream& to;
    const End gone;       // how it ends if FROM breaks off
    bool broken = false;  // FROM did not take what was written to it: what it has sent is all there will be
    bool done = false;
  };

  // Chunks that move before others get a turn.
  static constexpr int kBatch = 16;

  Task<void> Copy(Leg& leg, Leg& back);
  Task<void> EndLeg(Leg& leg);
  void Break(Leg& leg);
  void Stop(End end);
  void OnTimer() override;

  Reactor& reactor_;
  Meter& meter_;
  const Duration idle_;
  Cancellation stop_;
  TimePoint moved_;  // when a byte moved last
  End end_ = End::kBoth;
  Leg first_;
  Leg second_;
};

}  // namespace penstock::io
