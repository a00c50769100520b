#include "dataplane/proxy/side_calls.h"

#include <algorithm>

#include "dataplane/http/hop_by_hop.h"
#include "dataplane/proxy/proxy.h"
#include "dataplane/upstream/forward/forward.h"

namespace penstock::proxy {
namespace {

const snapshot::Forward& NoRetries() {
  static const snapshot::Forward* const rule = new snapshot::Forward();
  return *rule;
}

void Fill(const Exchange& x, const SideRequest& from, Exchange& child) {
  http::RequestHead& to = child.request;
  to.method = from.method;
  to.method_text = from.method_text;
  to.scheme = x.request.scheme;
  to.authority = x.request.authority;
  to.host = x.request.host;
  to.path = from.path;
  to.headers.CopyFrom(from.fields);
  child.seed = x.seed;
  child.id = x.id;
}

// The content of the answer, which then ends.
Task<StatusOr<std::string_view>> ReadContent(Exchange& x, Exchange& child, size_t most) {
  std::string content;
  Status failed = absl::OkStatus();
  while (failed.ok()) {
    StatusOr<Chunk> chunk = co_await child.response_body->Read();
    if (!chunk.ok()) failed = chunk.status();
    if (!chunk.ok() || chunk->empty()) break;
    content += chunk->view();
    if (content.size() > most) failed = absl::ResourceExhaustedError("its answer is too long");
  }
  co_await child.response_body->Finish();
  if (!failed.ok()) co_return failed;
  co_return x.arena.Copy(content);
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
  TimePoint until = child->deadline;
  Fill(x, request, *child);
  Reason reason = co_await upstream::Forward(*child, {proxy_.upstreams, *cluster, NoRetries()});
  if (reason != Reason::kNone) co_return absl::UnavailableError(ToAbsl(NameOf(reason)));
  http::StripResponse(child->response.headers);
  SideResponse& answer = x.Own<SideResponse>();
  answer.status = child->response.status;
  CopyFields(child->response.headers, x, answer.fields);
  StatusOr<std::string_view> content = co_await ReadContent(x, *child, request.max_content);
  if (!content.ok()) co_return content.status();
  if (proxy_.reactor.Now() > until) co_return absl::DeadlineExceededError("its answer came too late");
  answer.content = *content;
  co_return &answer;
}

}  // namespace penstock::proxy
