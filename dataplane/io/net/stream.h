#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "dataplane/base/cancellation.h"
#include "dataplane/base/chunk.h"
#include "dataplane/base/status.h"
#include "dataplane/base/task.h"
#include "dataplane/io/net/socket_address.h"

namespace penstock::io {

class Reactor;

// A two-way flow of bytes: a socket, or TLS over a socket. Belongs to its reactor's thread. At most one Read and one
// Write at a time, which may run beside each other. Closed by its destructor; nothing may wait in it then.
//
// How a connection ends is told apart:
//   end of the peer's bytes (FIN)   Read gives an empty chunk; writing may go on
//   reset by the peer               kAborted
//   deadline, cancellation          kDeadlineExceeded, kCancelled; nothing was read, a write may have sent a part
//   closed on this side             kFailedPrecondition
//   the network                     kUnavailable
class Stream {
 public:
  // Told what happens while nobody reads. Must not destroy the stream; it may wake coroutines and set flags.
  class Watcher {
   public:
    // Bytes, the end of them, or an error have come and no Read is pending.
    virtual void OnReadable() = 0;
    // The peer is gone in both directions (reset, or closed after both ends had finished).
    virtual void OnGone() = 0;

   protected:
    ~Watcher() = default;
  };

  virtual ~Stream() = default;

  // Between 1 and `max` bytes, as soon as there are any, or an empty chunk at the end. Takes a block only when bytes
  // are there, sized by `max` (at most BlockPool::kLarge).
  virtual Task<StatusOr<Chunk>> Read(std::size_t max, Wait wait) = 0;

  // Sends all pieces in order, or fails; waits while the peer does not take more. The bytes and the span must stay
  // valid until it has finished. One system call if the socket takes everything.
  virtual Task<Status> Write(std::span<const std::string_view> pieces, Wait wait) = 0;

  // No more bytes from this side; the peer reads the end. Reading goes on.
  virtual Task<Status> ShutdownWrite(Wait wait) = 0;

  // Closes both ways now; pending operations end with an error. Bytes that were written are still delivered.
  virtual void Close() = 0;

  // Closes so that the peer sees an error, never a clean end: for answers that break off.
  virtual void Reset() = 0;

  // Something can be read without waiting: bytes, their end, or an error. On a connection that should be silent it
  // means: do not use. Costs no system call.
  virtual bool readable() const = 0;

  // The peer is known to be gone. Costs no system call.
  virtual bool gone() const = 0;

  // Why the peer refused whom it found this side to be (TLS), if it did so instead of sending its first byte: it has
  // taken nothing of what was written then. Static text; else "".
  virtual std::string_view refusal() const { return {}; }

  // At most one; null removes it.
  virtual void set_watcher(Watcher* watcher) = 0;

  virtual const SocketAddress& peer() const = 0;
  virtual const SocketAddress& local() const = 0;
  virtual Reactor& reactor() const = 0;
};

}  // namespace penstock::io
