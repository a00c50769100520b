#include "dataplane/proxy/grpc.h"

#include "dataplane/exchange/grpc_code.h"
#include "dataplane/io/reactor/reactor.h"
#include "dataplane/proxy/steps.h"

namespace penstock::proxy {

namespace grpc = http::grpc;
using grpc::Code;
using grpc::Dialect;

namespace {

constexpr std::string_view kStatusField = "grpc-status";
constexpr std::string_view kMessageField = "grpc-message";
constexpr std::string_view kTimeoutField = "grpc-timeout";

std::string_view MediaTypeOf(Dialect dialect) {
  switch (dialect) {
    case Dialect::kWeb:
      return "application/grpc-web";
    case Dialect::kWebText:
      return "application/grpc-web-text";
    default:
      return "application/grpc";
  }
}

std::string_view ContentType(Dialect dialect, std::string_view like, Arena& arena) {
  return arena.Concat({MediaTypeOf(dialect), grpc::MessageFormatOf(like)});
}

std::string_view AskedType(const Call& call) {
  if (!call.web_content_type.empty()) return call.web_content_type;
  const http::Headers& headers = call.x.request.headers;
  if (!headers.Has(http::HeaderId::kContentType)) return {};
  return headers.Get(http::HeaderId::kContentType);
}

}  // namespace

Dialect DialectOf(const Call& call) { return grpc::DialectOf(AskedType(call)); }

void ReplyInGrpc(Call& call, Reason reason, int status, std::string_view text, Dialect dialect) {
  Exchange& x = call.x;
  // An empty content, of length 0: gRPC clients take a head that ends the stream as trailers.
  x.response.status = 200;
  x.response.framing = {http::Framing::Kind::kLength, 0};
  x.response_body = &x.no_body;
  http::Headers& headers = x.response.headers;
  headers.Set(http::HeaderId::kContentType, ContentType(dialect, AskedType(call), x.arena));
  x.is_grpc = true;
  x.grpc_status = static_cast<int>(CodeOf(reason, status));
  headers.Set(kStatusField, grpc::CodeText(CodeOf(reason, status)));
  if (!text.empty()) headers.Set(kMessageField, grpc::EncodeMessage(text, x.arena));
}

const http::Headers& StatusTrailers(Exchange& x) {
  const ReasonRow& row = RowOf(x.reason);
  Code code = CodeOf(x.reason, row.status);
  x.grpc_status = static_cast<int>(code);
  http::Headers& trailers = x.Own<http::Headers>();
  trailers.Add(kStatusField, grpc::CodeText(code));
  trailers.Add(kMessageField, grpc::EncodeMessage(row.text, x.arena));
  return trailers;
}

void NoteGrpcStatus(Exchange& x) {
  if (x.grpc_status >= 0) return;
  const http::Headers* trailers = x.response_body->Trailers();
  bool at_end = trailers != nullptr && trailers->Has(kStatusField);
  const http::Headers& told = at_end ? *trailers : x.response.headers;
  Code without = grpc::CodeOfHttpStatus(x.response.status);
  x.grpc_status = grpc::ParseStatus(told.Get(kStatusField)).value_or(static_cast<int>(without));
}

void ApplyGrpcTimeout(Exchange& x) {
  std::optional<std::chrono::nanoseconds> timeout = grpc::ParseTimeout(x.request.headers.Get(kTimeoutField));
  if (!timeout.has_value()) return;
  x.firm_deadline = After(x.time.head_received, *timeout);
  x.deadline = std::min(x.deadline, x.firm_deadline);
}

WebTranslation WebTranslation::OfRequest(Call& call, Dialect dialect) {
  if (dialect != Dialect::kWeb && dialect != Dialect::kWebText) return {};
  Exchange& x = call.x;
  http::Headers& headers = x.request.headers;
  call.web_content_type = x.arena.Copy(headers.Get(http::HeaderId::kContentType));
  headers.Set(http::HeaderId::kContentType, ContentType(Dialect::kGrpc, call.web_content_type, x.arena));
  if (dialect == Dialect::kWebText && x.request.framing.HasBody()) {
    x.request_body = &x.Own<WebTextBody>(*x.request_body, call.proxy.reactor.blocks());
    x.request.framing = {http::Framing::Kind::kChunked, 0};
  }
  return WebTranslation(dialect);
}

void WebTranslation::TranslateResponse(Call& call) const {
  if (dialect_ == Dialect::kNone) return;
  Exchange& x = call.x;
  http::Headers& headers = x.response.headers;
  std::string_view type = headers.Get(http::HeaderId::kContentType);
  if (grpc::DialectOf(type) != Dialect::kGrpc) return;
  headers.Set(http::HeaderId::kContentType, ContentType(dialect_, type, x.arena));
  bool with_trailers = !headers.Has(kStatusField);
  x.response_body =
      &x.Own<WebResponseBody>(x, call.proxy.reactor.blocks(), dialect_ == Dialect::kWebText, with_trailers);
  x.response.framing = {http::Framing::Kind::kChunked, 0};
}

Task<StatusOr<Chunk>> WebTextBody::Read() {
  while (true) {
    StatusOr<Chunk> text = co_await inner_.Read();
    if (!text.ok()) co_return text;
    if (text->empty()) {
      if (!decoder_.at_end()) co_return absl::InvalidArgumentError("the base64 ends in the middle of a group");
      co_return Chunk();
    }
    StatusOr<Chunk> bytes = Decode(*text);
    // A short piece may not be a whole group yet, and an empty chunk would be the end.
    if (!bytes.ok() || !bytes->empty()) co_return bytes;
  }
}

StatusOr<Chunk> WebTextBody::Decode(const Chunk& text) {
  Block* block = blocks_.TakeAtLeast(text.size() / 4 * 3 + 3);
  size_t written = 0;
  bool ok = decoder_.Decode(text.view(), std::span<char>(block->data(), block->capacity), written);
  Chunk bytes = Chunk::Adopt(block, written);
  if (!ok) return absl::InvalidArgumentError("the content is no base64");
  if (written == 0) return Chunk();
  return bytes;
}

Task<StatusOr<Chunk>> WebResponseBody::Read() {
  if (ended_) return StatusOr<Chunk>(Chunk());
  Task<StatusOr<Chunk>> read = inner_.Read();
  if (!read.ready()) return WaitFor(std::move(read));
  return Task<StatusOr<Chunk>>(Wrap(std::move(read).TakeReady()));
}

Task<StatusOr<Chunk>> WebResponseBody::WaitFor(Task<StatusOr<Chunk>> read) {
  StatusOr<Chunk> chunk = co_await std::move(read);
  co_return Wrap(std::move(chunk));
}

StatusOr<Chunk> WebResponseBody::Wrap(StatusOr<Chunk> chunk) {
  if (!chunk.ok()) return chunk;
  Chunk bytes = *std::move(chunk);
  if (bytes.empty()) {
    ended_ = true;
    if (!trailers_due_) return Chunk();
    bytes = TrailerFrame();
  }
  if (!text_) return bytes;
  Block* block = blocks_.TakeAtLeast(grpc::Base64Size(bytes.size()));
  size_t written = grpc::EncodeBase64(bytes.view(), std::span<char>(block->data(), block->capacity));
  return Chunk::Adopt(block, written);
}

// An upstream that ended its content without a status did not say how the call ended.
Chunk WebResponseBody::TrailerFrame() {
  const http::Headers* trailers = inner_.Trailers();
  http::Headers unknown;
  if (trailers == nullptr || !trailers->Has(kStatusField)) {
    unknown.Add(kStatusField, grpc::CodeText(Code::kUnknown));
    unknown.Add(kMessageField, "the service ended its response without a status");
    trailers = &unknown;
  }
  x_.grpc_status = grpc::ParseStatus(trailers->Get(kStatusField)).value_or(static_cast<int>(Code::kUnknown));
  Block* block = blocks_.TakeAtLeast(grpc::TrailerFrameSize(*trailers));
  size_t size = grpc::WriteTrailerFrame(*trailers, std::span<char>(block->data(), block->capacity));
  return Chunk::Adopt(block, size);
}

}  // namespace penstock::proxy
