#pragma once

#include <string_view>

#include "dataplane/exchange/body.h"
#include "dataplane/http/grpc/status.h"
#include "dataplane/http/grpc/web.h"
#include "dataplane/proxy/call.h"

// What gRPC needs of a request's way: a deadline, replies of our own that its clients understand, and gRPC-Web.
namespace penstock::proxy {

// How the caller speaks, by the content-type that it sent.
http::grpc::Dialect DialectOf(const Call& call);

// A reply of our own for a gRPC caller: 200 without content, REASON's code and TEXT among the head's fields (what gRPC
// calls trailers-only). STATUS is the one that an HTTP caller would have got.
void ReplyInGrpc(Call& call, Reason reason, int status, std::string_view text, http::grpc::Dialect dialect);

// Notes in x.grpc_status what the caller learns at the end of its call: the status of the trailers or, if there is none
// there, of the head; what callers make of a response that has none at all. REQUIRES: x.is_grpc; the content is over.
void NoteGrpcStatus(Exchange& x);

// Trailers that end a call whose response has begun, with what x.reason means. In x.grpc_status, too. Live as long as
// X.
const http::Headers& StatusTrailers(Exchange& x);

// What grpc-timeout says, counted from when the head was there, is x.firm_deadline. REQUIRES: the caller speaks gRPC.
void ApplyGrpcTimeout(Exchange& x);

// gRPC-Web in front of an upstream that speaks gRPC over HTTP/2.
class WebTranslation {
 public:
  // Nothing is translated.
  WebTranslation() = default;

  // Makes x.request, whose caller speaks DIALECT, one of gRPC if it is one of gRPC-Web.
  static WebTranslation OfRequest(Call& call, http::grpc::Dialect dialect);

  // Makes x.response, if it is one of gRPC, what the caller understands; its content tells x the status.
  void TranslateResponse(Call& call) const;

 private:
  explicit WebTranslation(http::grpc::Dialect dialect) : dialect_(dialect) {}
  http::grpc::Dialect dialect_ = http::grpc::Dialect::kNone;
};

// Content in base64, decoded. An error (kInvalidArgument) ends it where the text is none.
class WebTextBody final : public Body {
 public:
  // INNER outlives it.
  WebTextBody(Body& inner, BlockPool& blocks) : inner_(inner), blocks_(blocks) {}

  Task<StatusOr<Chunk>> Read() override;
  void Cancel() override { inner_.Cancel(); }
  Task<void> Finish() override { return inner_.Finish(); }

 private:
  StatusOr<Chunk> Decode(const Chunk& text);

  Body& inner_;
  BlockPool& blocks_;
  http::grpc::Base64Decoder decoder_;
};

// The content of a gRPC response with its trailers as the last frame, in base64 if TEXT.
class WebResponseBody final : public Body {
 public:
  // X's response body, which it outlives; it is told the trailers' status. WITH_TRAILERS: false if the head held it
  // already.
  WebResponseBody(Exchange& x, BlockPool& blocks, bool text, bool with_trailers)
      : x_(x), inner_(*x.response_body), blocks_(blocks), text_(text), trailers_due_(with_trailers) {}

  Task<StatusOr<Chunk>> Read() override;
  void Cancel() override { inner_.Cancel(); }
  Task<void> Finish() override { return inner_.Finish(); }

 private:
  Task<StatusOr<Chunk>> WaitFor(Task<StatusOr<Chunk>> read);
  StatusOr<Chunk> Wrap(StatusOr<Chunk> chunk);
  Chunk TrailerFrame();

  Exchange& x_;
  Body& inner_;
  BlockPool& blocks_;
  const bool text_;
  bool trailers_due_;
  bool ended_ = false;
};

}  // namespace penstock::proxy
