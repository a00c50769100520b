#pragma once

#include <memory>

#include "dataplane/http/h1/chunked.h"
#include "dataplane/http/h1/head_parser.h"
#include "dataplane/upstream/forward/request_upload.h"
#include "dataplane/upstream/forward/try.h"
#include "dataplane/upstream/forward/upstream_tunnel.h"

namespace penstock::upstream {

// One try over a connection of HTTP/1.
class UpstreamResponse final : public Try {
 public:
  UpstreamResponse(Exchange& x, ViewRef view, std::unique_ptr<Connection> connection, bool reused, Lease request);
  ~UpstreamResponse() override;

  Task<TryResult> Run(ReplayBody* body, InformationalSink* informational, TimePoint deadline,
                      Duration timeout) override;
  bool upload_failed_at_source() const override { return upload_.source_failed(); }
  Body& ResponseBody() override;

  Task<StatusOr<Chunk>> Read() override;
  const http::Headers* Trailers() const override { return trailers_; }
  void Cancel() override { stop_.Cancel(); }
  Task<void> Finish() override;

 private:
  // The head of a response takes at most this many informational ones before it.
  static constexpr int kMaxInformational = 8;
  // Reads between two yields, so that one fast transfer does not hold the worker.
  static constexpr int kReadsPerTurn = 16;

  Chunk SerialiseHead();
  Task<TryResult> ReadHead(InformationalSink* informational, HeadTime time);
  Uploaded Upload() const { return {upload_.running(), upload_.sent(), upload_.ended()}; }
  bool TakeSwitch();
  bool AcceptsOurKey() const;
  void MoveHead();
  TryResult Invalid(std::string_view detail);
  Status TakeMoreOfHead(StatusOr<Chunk> bytes, const HeadTime& time);
  TryResult AfterReadFailure(const Status& status);
  bool TakeBuffered(StatusOr<Chunk>& out);
  bool TakeChunked(StatusOr<Chunk>& out);
  Task<StatusOr<Chunk>> ReadMore();
  Task<void> StopAndRelease();
  void Release();

  std::unique_ptr<Connection> connection_;
  const bool reused_;
  Cancellation stop_;
  RequestUpload upload_;
  http::h1::ResponseParser parser_;
  http::h1::ChunkedDecoder chunked_;
  Chunk head_;    // what x.response's views point into
  Chunk buffer_;  // read and not yet given out
  const http::Headers* trailers_ = nullptr;
  http::Framing framing_;
  std::uint64_t left_ = 0;  // of kLength
  bool head_done_ = false;
  bool any_byte_ = false;
  bool complete_ = false;  // the message ended as it should
  bool close_ = true;
  int reads_ = 0;
};

}  // namespace penstock::upstream
