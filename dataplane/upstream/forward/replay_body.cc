#include "dataplane/upstream/forward/replay_body.h"

namespace penstock::upstream {

Task<StatusOr<Chunk>> ReplayBody::Read() {
  if (next_ < count_) return StatusOr<Chunk>(kept_[next_++].Share());
  if (ended_) return StatusOr<Chunk>(Chunk());
  if (!failure_.ok()) return StatusOr<Chunk>(failure_);
  Task<StatusOr<Chunk>> read = source_.Read();
  if (read.ready()) return Keep(std::move(read).TakeReady());
  return WaitFor(std::move(read));
}

Task<StatusOr<Chunk>> ReplayBody::WaitFor(Task<StatusOr<Chunk>> read) {
  reading_ = true;
  StatusOr<Chunk> chunk = co_await std::move(read);
  reading_ = false;
  co_return Keep(std::move(chunk));
}

StatusOr<Chunk> ReplayBody::Keep(StatusOr<Chunk> chunk) {
  if (!chunk.ok()) {
    failure_ = chunk.status();
  } else if (chunk->empty()) {
    ended_ = true;
    if (on_end_ != nullptr) std::exchange(on_end_, nullptr)->BodyEnded(*this);
  } else if (overflow_ || count_ == kSlices || bytes_ + chunk->size() > limit_) {
    Forget();
  } else {
    bytes_ += chunk->size();
    kept_[count_++] = chunk->Share();
    next_ = count_;
  }
  return chunk;
}

// Reading goes past what is kept from here on: nothing of it is needed any more.
void ReplayBody::Forget() {
  overflow_ = true;
  for (std::size_t i = 0; i < count_; ++i) kept_[i].Reset();
  next_ = count_ = 0;
}

}  // namespace penstock::upstream
