#pragma once

#include <cstdint>

#include "dataplane/base/intrusive_list.h"
#include "dataplane/io/reactor/waiter.h"
#include "dataplane/upstream/pool/acquire_failure.h"
#include "dataplane/upstream/pool/multiplexed_connection.h"

namespace penstock::upstream {

// A worker's HTTP/2 connections to one endpoint that take new streams, and those who wait for a place on one. At most
// one connects at a time: who comes meanwhile waits for it instead of opening another one.
class StreamPool {
 public:
  // FOR_PLACES: where requests wait that found neither a place here nor one for a connection.
  explicit StreamPool(io::WaitQueue& for_places) : for_places_(for_places) {}
  StreamPool(const StreamPool&) = delete;
  ~StreamPool() { PENSTOCK_CHECK(open_.empty(), "a pool must outlive its connections"); }

  // The oldest connection with room, so that those beyond what is needed may time out; null if there is none.
  MultiplexedConnection* FindRoom(TimePoint now);
  bool empty() const { return open_.empty(); }

  // Closes one that nobody uses. False if there is none.
  bool CloseIdle();
  void RetireAll();

  // --- The connect that runs.

  // Also until the peer has said how many streams it takes.
  bool connecting();
  void BeginConnect() { connecting_ = true; }
  void Connected(MultiplexedConnection& connection);
  void ConnectFailed(AcquireFailure why) {
    connecting_ = false;
    Fail(why);
  }
  // Those who wait for it give up.
  void Fail(AcquireFailure why);
  // It gave a connection that is not shared.
  void ConnectEnded();
  // How many connects have failed so far, and why the last one did.
  std::uint64_t failures() const { return failures_; }
  AcquireFailure last_failure() const { return last_failure_; }

  // There may be room now, or no hope for it.
  void OnRoom() {
    waiting_.WakeAll();
    for_places_.WakeOne();
  }
  // Those who wait for the connect.
  io::WaitQueue& waiting() { return waiting_; }

 private:
  io::WaitQueue& for_places_;
  IntrusiveList<MultiplexedConnection> open_;
  io::WaitQueue waiting_;
  bool connecting_ = false;
  std::uint64_t failures_ = 0;
  AcquireFailure last_failure_ = AcquireFailure::kNone;
};

}  // namespace penstock::upstream
