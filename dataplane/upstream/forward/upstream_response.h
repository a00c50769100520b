#pragma once

#include <memory>

#include "dataplane/exchange/exchange.h"
#include "dataplane/http/h1/chunked.h"
#include "dataplane/http/h1/head_parser.h"
#include "dataplane/upstream/cluster.h"
#include "dataplane/upstream/forward/forward.h"
#include "dataplane/upstream/forward/request_upload.h"
#include "dataplane/upstream/forward/try_result.h"

namespace penstock::upstream {

// One try over one connection: sends the request, reads the head of the response, and is then the response's body.
// Lives in the exchange's arena; Run() and then Finish() must be awaited.
class UpstreamResponse final : public Body {
 public:
  // REQUEST is the running request's place, given back at the end.
  UpstreamResponse(Exchange& x, ViewRef view, std::unique_ptr<Connection> connection, bool reused, Lease request);
  ~UpstreamResponse() override;

  // Sends and waits for the head until `deadline` (kNoDeadline: none), or for `timeout` after the content was sent if
  // that is later. Fills in x.response. If it fails, only Finish() may follow.
  Task<TryResult> Run(ReplayBody* body, InformationalSink* informational, TimePoint deadline, Duration timeout);
  // Puts down what Run() gave and when, in the cluster's cells and the exchange. Call it once Run() has finished.
  void CountTry(const TryResult& result);

  Task<StatusOr<Chunk>> Read() override;
  const http::Headers* Trailers() const override { return trailers_; }
  void Cancel() override { stop_.Cancel(); }
  // Also stops what is left of the upload.
  Task<void> Finish() override;

  // Takes the running request's place back, for the next try.
  Lease TakeRequest() { return std::move(request_); }
  bool upload_failed_at_source() const { return upload_.source_failed(); }

 private:
  // The head of a response takes at most this many informational ones before it.
  static constexpr int kMaxInformational = 8;
  // Reads between two yields, so that one fast transfer does not hold the worker.
  static constexpr int kReadsPerTurn = 16;

  Chunk SerialiseHead();
  Task<TryResult> ReadHead(InformationalSink* informational, TimePoint deadline, Duration timeout);
  TimePoint HeadDeadline(TimePoint deadline, Duration timeout) const;
  Status TakeMoreOfHead(StatusOr<Chunk> bytes, Duration timeout);
  TryResult AfterReadFailure(const Status& status);
  bool TakeBuffered(StatusOr<Chunk>& out);
  bool TakeChunked(StatusOr<Chunk>& out);
  Task<StatusOr<Chunk>> ReadMore();
  Status Broken(Reason reason, std::string_view detail);
  void CountEnd(Reason reason);
  Task<void> StopAndRelease();
  void Release();

  Exchange& x_;
  ViewRef view_;
  std::unique_ptr<Connection> connection_;
  Lease request_;
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
  bool asked_ = false;      // the request went out, at least in part
  bool head_done_ = false;
  bool any_byte_ = false;
  bool complete_ = false;  // the message ended as it should
  bool close_ = true;
  bool failed_ = false;
  int reads_ = 0;
};

}  // namespace penstock::upstream
