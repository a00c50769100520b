#include "dataplane/policies/size_limit/bounded_body.h"

#include <utility>

namespace penstock::policies {

// Content that is at hand costs no coroutine.
Task<StatusOr<Chunk>> BoundedBody::Read() {
  Task<StatusOr<Chunk>> read = inner_.Read();
  if (!read.ready()) return WaitFor(std::move(read));
  return Count(std::move(read).TakeReady());
}

Task<StatusOr<Chunk>> BoundedBody::WaitFor(Task<StatusOr<Chunk>> read) {
  StatusOr<Chunk> chunk = co_await std::move(read);
  co_return Count(std::move(chunk));
}

StatusOr<Chunk> BoundedBody::Count(StatusOr<Chunk> chunk) {
  bool tunnel = x_.response.framing.kind == http::Framing::Kind::kTunnel;
  if (!chunk.ok() || tunnel) return chunk;
  bytes_ += chunk->size();
  if (bytes_ <= bound_.most) return chunk;
  if (x_.reason == Reason::kNone) {
    x_.reason = Reason::kBodyTooLarge;
    x_.detail = x_.arena.Copy(bound_.detail);
    x_.refusal = {&policy_, Reason::kBodyTooLarge};
    x_.refusing_rule = {};
  }
  return absl::ResourceExhaustedError("more content than the policy's bound");
}

}  // namespace penstock::policies
