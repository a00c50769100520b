#include "dataplane/io/net/prefixed_stream.h"

#include <algorithm>

namespace penstock::io {

Task<StatusOr<Chunk>> PrefixedStream::Read(std::size_t max, Wait wait) {
  if (prefix_.empty()) return stream_->Read(max, wait);
  return StatusOr<Chunk>(prefix_.SplitFront(std::min(max, prefix_.size())));
}

}  // namespace penstock::io
