#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/base/chunk.h"
#include "dataplane/downstream/min_rate.h"
#include "dataplane/exchange/exchange.h"
#include "dataplane/http/h1/chunked.h"
#include "dataplane/io/net/stream.h"
#include "dataplane/snapshot/settings.h"

namespace penstock::downstream {

// Sends "100 Continue" before the content is waited for, if the client asked for it and nothing else was sent yet.
class Continuer {
 public:
  virtual Task<Status> SendContinue() = 0;

 protected:
  ~Continuer() = default;
};

// The content of an HTTP/1 request, straight from the connection. Every failure sets the exchange's reason:
// kBodyMalformed, kBodyTooLarge, kRequestTimeout, kClientGone. Trailers are checked and dropped. Reused from request to
// request; what was read beyond the content stays in `input`.
class H1Body final : public Body {
 public:
  // INPUT holds what was read behind the head. All outlive the request.
  H1Body(io::Stream& stream, Chunk& input, Continuer& continuer)
      : stream_(stream), input_(input), continuer_(continuer) {}

  void Begin(Exchange& x, const http::h1::HeadLimits& limits);
  // The connection has switched protocols: from here on the content is every byte until the client ends its side, those
  // in `input` first, without bound, rate or deadline. REQUIRES: complete().
  void BeginTunnel();
  void Apply(const snapshot::ClientSettings& settings);
  void Forget() {
    reading_.reset();
    x_ = nullptr;
  }

  Task<StatusOr<Chunk>> Read() override;
  void Cancel() override;
  Task<void> Finish() override { return Task<void>(); }

  // The response is over and nobody reads any more: the session may read on, to get past the content.
  // Not longer than UNTIL.
  void Resume(TimePoint until);

  // All of the content was taken off the connection: the next request begins in `input`.
  bool complete() const { return complete_; }
  // It cannot be told any more where the next request begins.
  bool broken() const { return broken_; }
  // Content that is still to come, as far as known; UINT64_MAX if not.
  uint64_t left() const;

 private:
  StatusOr<Chunk> Take();
  StatusOr<Chunk> TakeChunked();
  Task<StatusOr<Chunk>> ReadMore();
  StatusOr<Chunk> AtEnd();
  Status Fail(Reason reason, std::string_view detail);
  Status FailedRead(const Status& status);

  io::Stream& stream_;
  Chunk& input_;
  Continuer& continuer_;
  Exchange* x_ = nullptr;
  http::Framing framing_;
  uint64_t left_ = 0;                    // of kLength
  uint64_t max_ = 0;                     // 0: no bound
  std::optional<Cancellation> reading_;  // what a Read() waits under
  bool complete_ = true;
  bool broken_ = false;
  TimePoint until_ = kNoDeadline;
  bool asked_ = false;  // the client was told to go on, or did not ask
  Duration idle_ = kNoDeadline.time_since_epoch();
  MinRate rate_;
  http::h1::ChunkedDecoder decoder_{http::h1::HeadLimits{}};
};

}  // namespace penstock::downstream
