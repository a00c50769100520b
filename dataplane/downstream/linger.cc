#include "dataplane/downstream/linger.h"

namespace penstock::downstream {

Task<void> Linger(io::Stream& stream, uint64_t most, Wait wait) {
  Status ended = co_await stream.ShutdownWrite(wait);
  uint64_t drained = 0;
  while (ended.ok() && drained < most) {
    StatusOr<Chunk> bytes = co_await stream.Read(BlockPool::kMedium, wait);
    if (!bytes.ok() || bytes->empty()) co_return;
    drained += bytes->size();
  }
}

}  // namespace penstock::downstream
