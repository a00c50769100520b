#include "dataplane/upstream/forward/forward.h"

#include <array>
#include <utility>

#include "dataplane/http/hop_by_hop.h"
#include "dataplane/http/websocket/handshake.h"
#include "dataplane/policies/headers/header_ops.h"
#include "dataplane/proxy/grpc.h"
#include "dataplane/proxy/rewrite.h"
#include "dataplane/proxy/steps.h"
#include "dataplane/upstream/cluster.h"

namespace penstock::proxy {
namespace {

// Passes the upstream's informational responses on; HTTP/1.0 knows none.
class Informer final : public upstream::InformationalSink {
 public:
  explicit Informer(Call& call) : call_(call) {}
  Task<Status> Send(const http::ResponseHead& head) override {
    if (call_.x.request.version == http::Version::kHttp10) return absl::OkStatus();
    http::ResponseHead& clean = call_.x.Own<http::ResponseHead>();
    clean.status = head.status;
    clean.headers.CopyFrom(head.headers);
    http::StripResponse(clean.headers);
    return call_.stream.WriteInformational(clean);
  }

 private:
  Call& call_;
};

// What the rule lets the request switch to, in the rule's words; "" if it wants nothing, or nothing that is allowed.
std::string_view AllowedUpgrade(const snapshot::Forward& forward, std::string_view wished, Arena& arena) {
  if (wished.empty()) return wished;
  for (const std::string& allowed : forward.upgrades) {
    if (http::EqualsLower(wished, allowed)) return arena.Copy(allowed);
  }
  return {};
}

// What a client of HTTP/2 wishes for is a tunnel or nothing (RFC 8441 4): without the wish its request would be another
// one. A WebSocket's handshake is then ours to make.
Reason PrepareExtendedConnect(Call& call) {
  http::RequestHead& request = call.x.request;
  if (request.upgrade.empty()) {
    call.x.detail = "no rule lets this request switch to the protocol that it asks for";
    return Reason::kUpgradeUnsupported;
  }
  if (request.upgrade != "websocket") return Reason::kNone;
  Random& random = call.proxy.reactor.random();
  std::array<char, http::websocket::kKeySize> key = http::websocket::KeyOf({random.Next(), random.Next()});
  request.headers.Set(http::websocket::kKeyField, call.x.arena.Copy({key.data(), key.size()}));
  return Reason::kNone;
}

bool ApplyRewrite(const snapshot::Filters& filters, Call& call) {
  return !filters.rewrite.has_value() || Rewrite(call.x.request, *filters.rewrite, *call.match, call.x.arena);
}

upstream::Cluster* Find(Call& call, std::string_view cluster) {
  return call.proxy.upstreams.Find(*call.generation->snapshot, call.generation->tls, cluster);
}

// The clusters that get a copy of this request.
std::span<upstream::Cluster* const> PickMirrors(Call& call) {
  size_t most = call.rule->filters.mirrors.size() + call.backend->filters.mirrors.size();
  if (most == 0) return {};
  std::span<upstream::Cluster*> picked = call.x.arena.NewArray<upstream::Cluster*>(most);
  size_t count = 0;
  size_t index = 0;
  for (const snapshot::Filters* filters : {&call.rule->filters, &call.backend->filters}) {
    for (const snapshot::Mirror& mirror : filters->mirrors) {
      bool copy = !mirror.cluster.empty() && snapshot::Mirrored(mirror, index, call.x.seed);
      upstream::Cluster* cluster = copy ? Find(call, mirror.cluster) : nullptr;
      if (cluster != nullptr) picked[count++] = cluster;
      ++index;
    }
  }
  return picked.first(count);
}

void FinishResponseHead(Call& call) {
  Exchange& x = call.x;
  http::StripResponse(x.response.headers);
  http::WriteVia(x.response.headers, x.response.version, x.arena);
  // RFC 9110 6.6.1: who receives a response without a date says when it came.
  if (!x.response.headers.Has(http::HeaderId::kDate)) {
    x.response.headers.Add(http::HeaderId::kDate, x.arena.Copy(call.proxy.date.At(call.proxy.reactor.Wall())));
  }
  policies::ApplyHeaderOps(call.backend->filters.response_headers, x.response.headers);
}

// Picks the backend and makes the request what it gets. kNone, or why there is nobody to send it to.
Reason PrepareRequest(Call& call, const snapshot::Forward& forward, upstream::Cluster*& cluster) {
  call.backend = snapshot::PickCluster(forward, call.x.seed);
  if (call.backend == nullptr) return Reason::kNoBackend;
  if (call.backend->cluster.empty()) return Reason::kBackendUnresolved;
  cluster = Find(call, call.backend->cluster);
  if (cluster == nullptr) return Reason::kBackendUnresolved;
  std::string_view wished = std::exchange(call.x.request.upgrade, {});
  call.x.request.upgrade = AllowedUpgrade(forward, wished, call.x.arena);
  policies::ApplyHeaderOps(call.backend->filters.request_headers, call.x.request.headers);
  bool extended_connect = !wished.empty() && call.x.request.version == http::Version::kHttp2;
  if (extended_connect) [[unlikely]] {
    Reason refused = PrepareExtendedConnect(call);
    if (refused != Reason::kNone) return refused;
  }
  bool rewritten = ApplyRewrite(call.rule->filters, call) && ApplyRewrite(call.backend->filters, call);
  return rewritten ? Reason::kNone : Reason::kInternalError;
}

// Nothing for callers that do not speak gRPC. An upstream of HTTP/1.1 is given gRPC-Web as it is.
WebTranslation BeginGrpc(Call& call, upstream::Cluster& cluster) {
  http::grpc::Dialect dialect = DialectOf(call);
  if (dialect == http::grpc::Dialect::kNone) return {};
  ApplyGrpcTimeout(call.x);
  bool speaks_web = cluster.view()->config().protocol == snapshot::CompiledCluster::Protocol::kHttp1;
  if (dialect == http::grpc::Dialect::kGrpc && !speaks_web) call.stream.AllowRareContent();
  // What an upstream says in gRPC-Web is content to us, its status too.
  call.x.is_grpc = dialect == http::grpc::Dialect::kGrpc || !speaks_web;
  return speaks_web ? WebTranslation() : WebTranslation::OfRequest(call, dialect);
}

}  // namespace

Task<void> ForwardRequest(Call& call, const snapshot::Forward& forward) {
  Exchange& x = call.x;
  upstream::Cluster* cluster = nullptr;
  Reason reason = PrepareRequest(call, forward, cluster);
  if (reason != Reason::kNone) {
    ReplyWith(call, reason);
    co_return;
  }
  if (forward.request_timeout.count() != 0) x.deadline = After(x.time.head_received, forward.request_timeout);
  WebTranslation web = BeginGrpc(call, *cluster);
  Informer informer(call);
  upstream::Attempt attempt{.upstreams = call.proxy.upstreams,
                            .cluster = *cluster,
                            .rule = forward,
                            .mirrors = PickMirrors(call),
                            .informational = &informer};
  // A call of gRPC may wait for hours for its answer to begin.
  MayOutliveGeneration(call);
  reason = co_await upstream::Forward(x, attempt);
  if (reason != Reason::kNone) {
    bool by_policy = x.refusal.by != nullptr && x.refusal.reason == reason;
    by_policy ? ReplyToRefusedContent(call, reason) : ReplyWith(call, reason);
    co_return;
  }
  FinishResponseHead(call);
  web.TranslateResponse(call);
}

}  // namespace penstock::proxy
