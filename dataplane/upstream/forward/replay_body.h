#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "dataplane/exchange/body.h"

namespace penstock::upstream {

// A request's content that can be given again as long as it is short: keeps slices of what was read (no copies), up to
// a limit of bytes and of slices; what is longer is passed through and cannot be replayed. Made once per exchange; does
// not own the source and does not finish it.
class ReplayBody final : public Body {
 public:
  // Slices, each of which holds a block of the worker.
  static constexpr std::size_t kSlices = 16;

  // Told once when the source ends well.
  class OnEnd {
   public:
    virtual void BodyEnded(ReplayBody& body) = 0;

   protected:
    ~OnEnd() = default;
  };

  ReplayBody(Body& source, std::size_t limit) : source_(source), limit_(limit) {}
  void set_on_end(OnEnd* on_end) { on_end_ = on_end; }

  Task<StatusOr<Chunk>> Read() override;
  void Cancel() override { source_.Cancel(); }
  Task<void> Finish() override { return Task<void>(); }

  // A Read() waits for the source now: it can only be ended by giving up the source.
  bool reading() const { return reading_; }
  // The source gave an error; Read() gives it again.
  bool failed() const { return !failure_.ok(); }
  const Status& failure() const { return failure_; }

  // All that was read from the source can be given again.
  bool CanReplay() const { return !overflow_ && !reading_ && failure_.ok(); }
  // Read() begins from the start. REQUIRES: CanReplay().
  void Rewind() { next_ = 0; }

  // Everything that was read. REQUIRES: CanReplay().
  std::span<const Chunk> kept() const { return std::span(kept_).first(count_); }

 private:
  Task<StatusOr<Chunk>> WaitFor(Task<StatusOr<Chunk>> read);
  StatusOr<Chunk> Keep(StatusOr<Chunk> chunk);
  void Forget();

  Body& source_;
  OnEnd* on_end_ = nullptr;
  const std::size_t limit_;
  std::array<Chunk, kSlices> kept_;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
  std::size_t next_ = 0;
  bool overflow_ = false;
  bool reading_ = false;
  bool ended_ = false;
  Status failure_;
};

}  // namespace penstock::upstream
