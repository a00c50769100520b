#include <charconv>

#include "dataplane/http/status_code.h"
#include "dataplane/proxy/grpc.h"
#include "dataplane/proxy/rewrite.h"
#include "dataplane/proxy/steps.h"

namespace penstock::proxy {
namespace {

constexpr std::string_view kText = "text/plain; charset=utf-8";

// The frame of every reply of our own: status, length, date, id, and on request the reason. TEXT lives until the
// exchange ends (static, the Snapshot's or the arena's).
void Reply(Call& call, Reason reason, int status, std::string_view text, std::string_view type) {
  Exchange& x = call.x;
  x.reason = reason;
  x.response.Clear();
  x.response.status = status;
  http::Headers& headers = x.response.headers;
  headers.Add(http::HeaderId::kDate, x.arena.Copy(call.proxy.date.At(call.proxy.reactor.Wall())));
  headers.Add(http::HeaderId::kXRequestId, x.id_text);
  bool tell = call.listener != nullptr && call.listener->client.reason_header;
  if (tell) headers.Add(http::HeaderId::kXPenstockReason, NameOf(reason));

  x.response_body = &x.no_body;
  if (http::StatusForbidsBody(status)) return;
  if (!text.empty()) headers.Add(http::HeaderId::kContentType, type);
  if (x.request.method == http::Method::kHead) {
    x.response.declared_length = text.size();
    return;
  }
  x.response.framing = {http::Framing::Kind::kLength, text.size()};
  if (!text.empty()) x.response_body = &x.Own<ChunkBody>(Chunk::Static(text));
}

// Nobody is left to read a response: none is made, so that none is counted or logged either.
void LeaveUnanswered(Call& call, Reason reason) {
  Exchange& x = call.x;
  x.reason = reason;
  x.response.Clear();
  x.response_body = &x.no_body;
}

// Makes a refusal what a caller of gRPC understands, if this is one.
void SpeakGrpc(Call& call, Reason reason, int status, std::string_view text) {
  if (status < 400) return;
  http::grpc::Dialect dialect = DialectOf(call);
  if (dialect != http::grpc::Dialect::kNone) ReplyInGrpc(call, reason, status, text, dialect);
}

}  // namespace

void ReplyWith(Call& call, Reason reason) {
  const ReasonRow& row = RowOf(reason);
  call.close |= LeavesFramingInDoubt(reason);
  if (row.status == 0) return LeaveUnanswered(call, reason);
  Reply(call, reason, row.status, row.text, kText);
  SpeakGrpc(call, reason, row.status, row.text);
}

namespace {

// RFC 9457 3.1. Phrase and text are ours and need no escapes. The type is the reason's name: a caller's program tells
// one refusal from another by it.
std::string_view ProblemDetails(const Verdict& verdict, Arena& arena) {
  char status[12];
  char* end = std::to_chars(status, status + sizeof(status), verdict.status()).ptr;
  return arena.Concat({R"({"type":"urn:penstock:problem:)", NameOf(verdict.reason()), R"(","title":")",
                       http::StatusPhrase(verdict.status()), R"(","status":)",
                       std::string_view(status, static_cast<size_t>(end - status)), R"(,"detail":")", verdict.text(),
                       "\"}\n"});
}

}  // namespace

void ReplyWith(Call& call, const Verdict& verdict) {
  // The fields that the policy added stay.
  http::Headers added;
  added.CopyFrom(call.x.response.headers);
  bool problem = verdict.content_type() == Verdict::kProblemDetails;
  std::string_view text = problem ? ProblemDetails(verdict, call.x.arena) : verdict.text();
  Reply(call, verdict.reason(), verdict.status(), text, verdict.content_type());
  for (const http::Field& field : added) call.x.response.headers.Append(field);
  SpeakGrpc(call, verdict.reason(), verdict.status(), RowOf(verdict.reason()).text);
}

void ReplyToRefusedContent(Call& call, Reason reason) {
  call.x.response.Clear();
  call.close |= LeavesFramingInDoubt(reason);
  ReplyWith(call, Verdict::Reply(reason));
}

void ReplyWithPathRedirect(Call& call) {
  Exchange& x = call.x;
  Reply(call, Reason::kPathRedirect, 307, "", kText);
  std::string_view mark = x.request.has_query ? "?" : "";
  x.response.headers.Add(http::HeaderId::kLocation, x.arena.Concat({x.request.path, mark, x.request.query}));
}

void ReplyWithRedirect(Call& call, const snapshot::Redirect& redirect) {
  Exchange& x = call.x;
  // The client's scheme goes with the client's port, which is the well-known one unless it was told.
  bool told = !call.client_scheme.empty();
  uint16_t port = told ? 0 : call.listener->port;
  RedirectFacts facts{.scheme = told ? call.client_scheme : x.request.scheme,
                      .host = call.host,
                      .path = call.path,
                      .query = x.request.query,
                      .has_query = x.request.has_query,
                      .port = call.client_port != 0 ? call.client_port : port};
  std::string_view location = RedirectLocation(facts, redirect, *call.match, x.arena);
  Reply(call, Reason::kRedirect, redirect.status, "", kText);
  x.response.headers.Add(http::HeaderId::kLocation, location);
}

void ReplyWithStatic(Call& call, const snapshot::StaticReply& reply) {
  Reply(call, Reason::kStaticReply, reply.status, reply.body, reply.content_type);
}

void ReplyWithOptions(Call& call) {
  Reply(call, Reason::kOptions, 200, "", kText);
  call.x.response.headers.Add("allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
}

void ReplyWithPreflight(Call& call) { Reply(call, Reason::kCorsPreflight, 204, "", kText); }

bool LeavesFramingInDoubt(Reason reason) {
  switch (reason) {
    case Reason::kBadRequest:
    case Reason::kBadTarget:
    case Reason::kBadHost:
    case Reason::kRequestLineTooLong:
    case Reason::kHeadersTooLarge:
    case Reason::kBodyTooLarge:
    case Reason::kUnsupportedVersion:
    case Reason::kUnsupportedCoding:
    case Reason::kUnsupportedMethod:
    case Reason::kMethodNotAllowed:
    case Reason::kExpectationFailed:
    case Reason::kBodyMalformed:
    case Reason::kRequestTimeout:
    case Reason::kClientGone:
    case Reason::kTooManyConnections:
    case Reason::kShuttingDown:
      return true;
    default:
      return false;
  }
}

}  // namespace penstock::proxy
