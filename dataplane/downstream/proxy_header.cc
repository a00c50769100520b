#include "dataplane/downstream/proxy_header.h"

#include "dataplane/io/reactor/reactor.h"

namespace penstock::downstream {
namespace {

// Reads on behind BYTES. kNone, or why nothing more comes.
Task<Reason> ReadMore(io::Stream& stream, Chunk& bytes, Wait wait) {
  StatusOr<Chunk> more = co_await stream.Read(BlockPool::kSmall, wait);
  if (more.ok() && !more->empty()) {
    bytes.Append(stream.reactor().blocks(), more->view());
    co_return Reason::kNone;
  }
  if (IsCancelled(more.status())) co_return Reason::kShuttingDown;
  // Who says nothing at all only looks whether somebody is here.
  bool left = bytes.empty() && !IsTimeout(more.status());
  co_return left ? Reason::kClientGone : Reason::kProxyHeader;
}

}  // namespace

Task<ProxyHeaderRead> ReadProxyHeader(io::Stream& stream, Wait wait) {
  using Progress = io::ProxyHeader::Progress;
  ProxyHeaderRead result;
  while (result.header.progress == Progress::kNeedMore) {
    result.reason = co_await ReadMore(stream, result.rest, wait);
    if (result.reason != Reason::kNone) {
      result.detail = "the header is not complete, or did not come in time";
      co_return result;
    }
    result.header = io::ParseProxyHeader(result.rest.view());
  }
  if (result.header.progress == Progress::kError) {
    result.reason = Reason::kProxyHeader;
    result.detail = result.header.error;
    co_return result;
  }
  result.rest.RemovePrefix(result.header.consumed);
  co_return result;
}

}  // namespace penstock::downstream
