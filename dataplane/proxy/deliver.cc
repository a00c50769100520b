#include "dataplane/policies/headers/header_ops.h"
#include "dataplane/proxy/grpc.h"
#include "dataplane/proxy/steps.h"

namespace penstock::proxy {
namespace {

// Why the exchange was cancelled: who did it has said so, or the client is gone, or else the drain is over.
Reason ReasonOfCancel(const Call& call) {
  if (call.x.reason != Reason::kNone) return call.x.reason;
  return call.stream.gone() ? Reason::kClientGone : Reason::kShuttingDown;
}

// What a failed write to the client means.
Reason ReasonOfWrite(const Call& call, const Status& status) {
  if (IsCancelled(status)) return ReasonOfCancel(call);
  return IsTimeout(status) ? Reason::kClientTooSlow : Reason::kClientGone;
}

// What a failed read of the response means; its source says more where it can.
Reason ReasonOfRead(const Call& call, const Status& status) {
  if (IsCancelled(status) || call.stream.gone()) return ReasonOfCancel(call);
  return call.x.reason != Reason::kNone ? call.x.reason : Reason::kUpstreamAborted;
}

// What the rule and the policies did to the response that is replaced holds for its replacement: without the CORS
// fields a browser would not even tell its page the status.
void TakeOverFields(const http::Headers& replaced, Call& call) {
  http::Headers& headers = call.x.response.headers;
  policies::ApplyHeaderOps(call.rule->filters.response_headers, headers);
  for (const http::Field& field : replaced) {
    if (field.name().starts_with("access-control-")) headers.Set(field.name(), field.value());
    if (field.name() == "vary") headers.Append(field);
  }
}

// What cannot be delivered, while nothing of it was sent: say so. REPLACED: whose fields hold for the apology, too.
Task<void> StartWithApology(Call& call, Reason reason, const http::Headers* replaced) {
  co_await call.x.response_body->Finish();
  ReplyWith(call, reason);
  if (replaced != nullptr) TakeOverFields(*replaced, call);
  call.started = call.stream.StartResponse(call.close).ok();
}

Task<void> StartResponse(Call& call) {
  // Nobody is left to read one.
  if (call.x.response.status == 0) return Task<void>();
  Status started = call.stream.StartResponse(call.close);
  call.started = started.ok();
  if (call.started) return Task<void>();
  // A response that this proxy cannot write is a bug or a bad rewrite.
  bool no_tunnel = absl::IsUnimplemented(started);
  return StartWithApology(call, no_tunnel ? Reason::kUpgradeUnsupported : Reason::kInternalError, nullptr);
}

// Content that broke at its first byte, with the head not sent yet, becomes a 502.
Task<Status> PumpApology(Call& call, const Status& broken) {
  Reason reason = absl::IsDataLoss(broken) ? Reason::kUpstreamInvalid : Reason::kUpstreamReset;
  call.stream.WithdrawResponse();
  http::Headers replaced;
  replaced.CopyFrom(call.x.response.headers);
  co_await StartWithApology(call, reason, &replaced);
  if (!call.started) co_return broken;
  StatusOr<Chunk> text = co_await call.x.response_body->Read();
  if (!text.ok() || text->empty()) co_return text.status();
  call.x.bytes_out += text->size();
  Status written = co_await call.stream.Write(*std::move(text));
  co_return written;
}

// Content as it comes: what is at hand is staged with the head and leaves with it.
Task<Status> Pump(Call& call) {
  Body& body = *call.x.response_body;
  bool untouched = true;  // nothing but the head was staged, and that was not sent
  while (true) {
    Task<StatusOr<Chunk>> reading = body.Read();
    if (!reading.ready()) {
      untouched = false;
      MayOutliveGeneration(call);
      Status flushed = co_await call.stream.Flush();
      if (!flushed.ok()) {
        call.x.reason = ReasonOfWrite(call, flushed);
        co_return flushed;
      }
    }
    StatusOr<Chunk> chunk = co_await std::move(reading);
    if (!chunk.ok()) {
      if (untouched && call.x.reason == Reason::kUpstreamAborted) {
        Status told = co_await PumpApology(call, chunk.status());
        co_return told;
      }
      call.x.reason = ReasonOfRead(call, chunk.status());
      co_return chunk.status();
    }
    if (chunk->empty()) co_return absl::OkStatus();
    untouched = false;
    call.x.bytes_out += chunk->size();
    Task<Status> writing = call.stream.Write(*std::move(chunk));
    if (!writing.ready()) MayOutliveGeneration(call);
    Status written = co_await std::move(writing);
    if (!written.ok()) {
      call.x.reason = ReasonOfWrite(call, written);
      co_return written;
    }
  }
}

// A call of gRPC can be told why it ends as long as its response has no end: in the trailers.
bool CanTellWhyItEnds(const Call& call) {
  const Exchange& x = call.x;
  return x.refusal.by != nullptr && x.refusal.reason == x.reason && x.is_grpc &&
         x.request.version == http::Version::kHttp2 && DialectOf(call) == http::grpc::Dialect::kGrpc;
}

Task<void> EndIncomplete(Call& call) {
  if (CanTellWhyItEnds(call)) {
    Status ended = co_await call.stream.End(&StatusTrailers(call.x));
    if (ended.ok()) co_return;
  }
  // Never a clean end of something incomplete.
  call.stream.Abort();
}

}  // namespace

Task<void> Deliver(Call& call) {
  co_await StartResponse(call);
  if (!call.started) {
    call.stream.Abort();
    co_return;
  }
  if (call.x.response.framing.kind == http::Framing::Kind::kTunnel) BeginTunnel(call);
  Status pumped = co_await Pump(call);
  if (!pumped.ok()) {
    co_await EndIncomplete(call);
    co_return;
  }
  if (call.x.is_grpc) [[unlikely]]
    NoteGrpcStatus(call.x);
  Status ended = co_await call.stream.End(call.x.response_body->Trailers());
  if (!ended.ok()) {
    call.x.reason = ReasonOfWrite(call, ended);
    co_return;
  }
  call.delivered = true;
}

}  // namespace penstock::proxy
