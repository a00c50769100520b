#pragma once

#include <cstddef>

#include "dataplane/base/cancellation.h"
#include "dataplane/base/intrusive_list.h"

namespace penstock::downstream {

// The TLS handshakes that are under way on one worker: at most so many, since each holds keys and buffers before
// anybody has proved anything. One more makes the oldest give up: who is served well is done after a round trip or two,
// so that those who begin many and finish none push out each other. Worker thread.
class Handshakes {
 public:
  static constexpr size_t kMost = 1000;

  // One handshake, for as long as it lives. Outlived by the Handshakes.
  class Turn : public ListNode {
   public:
    // LIFE: what it waits under besides.
    Turn(Handshakes& all, Cancellation* life);
    ~Turn();
    Turn(const Turn&) = delete;

    // What the handshake waits under.
    Cancellation& cancellation() { return cancellation_; }
    // It was given up for another one.
    bool displaced() const { return displaced_; }

   private:
    friend class Handshakes;

    Handshakes& all_;
    Cancellation cancellation_;
    bool displaced_ = false;
  };

  explicit Handshakes(size_t most = kMost) : most_(most) {}

  size_t under_way() const { return under_way_; }

 private:
  void Enter(Turn& turn);
  void Leave(Turn& turn);

  const size_t most_;
  size_t under_way_ = 0;  // as many as are in the list
  IntrusiveList<Turn> turns_;
};

}  // namespace penstock::downstream
