#pragma once

#include "dataplane/base/chunk.h"
#include "dataplane/base/status.h"
#include "dataplane/base/task.h"
#include "dataplane/http/headers.h"

namespace penstock {

// The content of a message as a pull source: back-pressure is the absence of a Read(). A policy that changes bytes
// wraps the source. One worker thread; the owner (session, upstream connection, or the Exchange's arena) outlives the
// exchange.
class Body {
 public:
  virtual ~Body() = default;

  // The next bytes. An empty chunk is the end; Read() must not be called again after it or after an error. One Read()
  // at a time. An error means that the message is broken off: whoever passes it on must not end it cleanly.
  virtual Task<StatusOr<Chunk>> Read() = 0;

  // The trailer section of a response once Read() gave the end; nullptr if there was none. The views live until
  // Finish(). Requests have none: the connections drop it.
  virtual const http::Headers* Trailers() const { return nullptr; }

  // Nobody wants the rest: a pending Read() ends soon with kCancelled, and so does every later one. For an upload whose
  // response is over. Bodies that wrap pass it on. May be called at any time before Finish(), on any body.
  virtual void Cancel() = 0;

  // Called exactly once, after the last Read(), by whoever drives the exchange, also when the body was not read to its
  // end: gives the connection back to its pool or closes it, joins or cancels what ran beside it. Bodies that wrap pass
  // it on.
  virtual Task<void> Finish() = 0;
};

// No content.
class EmptyBody final : public Body {
 public:
  Task<StatusOr<Chunk>> Read() override { return StatusOr<Chunk>(Chunk()); }
  void Cancel() override {}
  Task<void> Finish() override { return Task<void>(); }
};

// One chunk that is at hand.
class ChunkBody final : public Body {
 public:
  explicit ChunkBody(Chunk chunk = Chunk()) : chunk_(std::move(chunk)) {}
  void Set(Chunk chunk) { chunk_ = std::move(chunk); }
  Task<StatusOr<Chunk>> Read() override { return StatusOr<Chunk>(std::move(chunk_)); }
  void Cancel() override { chunk_.Reset(); }
  Task<void> Finish() override { return Task<void>(); }

 private:
  Chunk chunk_;
};

}  // namespace penstock
