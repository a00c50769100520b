#pragma once

#include "dataplane/upstream/forward/stream_receiver.h"
#include "dataplane/upstream/forward/stream_upload.h"
#include "dataplane/upstream/forward/try.h"

namespace penstock::upstream {

// One try over a stream of a shared HTTP/2 connection. What its caller cancels resets this stream and nothing else.
class UpstreamStream final : public Try {
 public:
  UpstreamStream(Exchange& x, ViewRef view, StreamPlace place, bool reused, Lease request);
  ~UpstreamStream() override;

  Task<TryResult> Run(ReplayBody* body, InformationalSink* informational, TimePoint deadline,
                      Duration timeout) override;
  bool upload_failed_at_source() const override { return upload_.source_failed(); }

  Task<StatusOr<Chunk>> Read() override;
  const http::Headers* Trailers() const override { return stream_.trailers(); }
  void Cancel() override { stop_.Cancel(); }
  Task<void> Finish() override;

 private:
  Task<TryResult> ReadHead(InformationalSink* informational, HeadTime time);
  Uploaded Upload() const { return {upload_.running(), upload_.sent(), upload_.ended()}; }
  TryResult AfterTimeout();
  TryResult AfterEnd();
  TryResult AfterLoss();
  void GiveBack();
  bool TakeArrived(StatusOr<Chunk>& out);
  Task<StatusOr<Chunk>> ReadMore();
  Task<void> StopAndRelease();
  void Release();

  io::Reactor& reactor_;
  StreamPlace place_;
  const bool reused_;
  const std::uint64_t received_before_;  // on the connection
  Cancellation stop_;
  StreamReceiver stream_;
  StreamUpload upload_;
  std::size_t lent_ = 0;  // the chunk of content that was read last
};

}  // namespace penstock::upstream
