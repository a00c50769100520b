#include "dataplane/proxy/side_calls.h"

#include <algorithm>

#include "dataplane/http/grpc/status.h"
#include "dataplane/http/hop_by_hop.h"
#include "dataplane/proxy/grpc.h"
#include "dataplane/proxy/proxy.h"
#include "dataplane/upstream/forward/forward.h"

namespace penstock::proxy {
namespace {

const snapshot::Forward& NoRetries() {
  static const snapshot::Forward* const rule = new snapshot::Forward();
  return *rule;
}

void Fill(const Exchange& x, const SideRequest& from, BlockPool& blocks, Exchange& child) {
  http::RequestHead& to = child.request;
  to.method = from.method;
  to.method_text = from.method_text;
  to.scheme = x.request.scheme;
  to.authority = x.request.authority;
  to.host = x.request.host;
  to.path = from.path;
  to.headers.CopyFrom(from.fields);
  if (!from.content.empty()) {
    to.framing = {http::Framing::Kind::kLength, from.content.size()};
    // A copy: what a connection has not written yet may outlive the call.
    child.request_body = &child.Own<ChunkBody>(Chunk::Copy(blocks, from.content));
  }
  child.seed = x.seed;
  child.id = x.id;
}

void NoteGrpcEnd(Exchange& child, Exchange& x, SideResponse& answer) {
  constexpr std::string_view kMessage = "grpc-message";
  child.is_grpc = true;
  NoteGrpcStatus(child);
  answer.grpc_status = child.grpc_status;
  const http::Headers* trailers = child.response_body->Trailers();
  bool behind = trailers != nullptr && trailers->Has(kMessage);
  answer.grpc_message = x.arena.Copy(behind ? trailers->Get(kMessage) : child.response.headers.Get(kMessage));
}

// Breaks an answer off whose time is over: a body waits as long as its cluster lets streams be silent.
class Limit final : public io::Timer {
 public:
  explicit Limit(Body& body) : body_(body) {}
  bool passed() const { return passed_; }

 private:
  void OnTimer() override {
    passed_ = true;
    body_.Cancel();
  }

  Body& body_;
  bool passed_ = false;
};

// The content of the answer, which then ends.
Task<Status> ReadContent(Exchange& x, Exchange& child, io::Reactor& reactor, const SideRequest& request,
                         SideResponse& answer) {
  Limit limit(*child.response_body);
  limit.Arm(reactor.timers(), child.firm_deadline);
  std::string content;
  Status failed = absl::OkStatus();
  while (failed.ok()) {
    StatusOr<Chunk> chunk = co_await child.response_body->Read();
    if (limit.passed()) failed = absl::DeadlineExceededError("its answer came too late");
    if (failed.ok() && !chunk.ok()) failed = chunk.status();
    if (!chunk.ok() || chunk->empty()) break;
    content += chunk->view();
    if (content.size() > request.max_content) failed = absl::ResourceExhaustedError("its answer is too long");
  }
  bool grpc = http::grpc::DialectOf(request.fields.Get(http::HeaderId::kContentType)) != http::grpc::Dialect::kNone;
  if (grpc && failed.ok()) NoteGrpcEnd(child, x, answer);
  co_await child.response_body->Finish();
  answer.content = x.arena.Copy(content);
  co_return failed;
}

void CopyFields(const http::Headers& from, Exchange& x, http::Headers& to) {
  for (const http::Field& field : from) {
    to.Append(http::Field(field.id(), x.arena.Copy(field.name()), x.arena.Copy(field.value())));
  }
}

}  // namespace

Task<StatusOr<const SideResponse*>> WorkerSideCalls::Send(Exchange& x, SideRequest request) {
  upstream::Cluster* cluster =
      proxy_.upstreams.Find(*proxy_.generation->snapshot, proxy_.generation->tls, request.cluster);
  if (cluster == nullptr) co_return absl::UnavailableError("its backend is gone");
  ExchangePool::Lease child = proxy_.upstreams.exchanges().Get();
  child->Begin(x.cancellation());
  child->deadline = std::min(x.deadline, After(proxy_.reactor.Now(), request.timeout));
  // Content that goes up does not move it.
  child->firm_deadline = child->deadline;
  Fill(x, request, proxy_.reactor.blocks(), *child);
  Reason reason = co_await upstream::Forward(*child, {proxy_.upstreams, *cluster, NoRetries()});
  if (reason != Reason::kNone) co_return absl::UnavailableError(ToAbsl(NameOf(reason)));
  http::StripResponse(child->response.headers);
  SideResponse& answer = x.Own<SideResponse>();
  answer.status = child->response.status;
  CopyFields(child->response.headers, x, answer.fields);
  Status read = co_await ReadContent(x, *child, proxy_.reactor, request, answer);
  if (!read.ok()) co_return read;
  co_return &answer;
}

}  // namespace penstock::proxy
