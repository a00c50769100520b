#include "dataplane/exchange/policy.h"
#include "dataplane/proxy/steps.h"

namespace penstock::proxy {
namespace {

void TellPolicies(Call& call, const Outcome& outcome) {
  for (size_t i = call.ran; i-- > 0;) call.chain->policies[i]->OnEnd(call.x, outcome);
}

bool IsMalformed(const Exchange& x) {
  return x.reason >= Reason::kBadRequest && x.reason <= Reason::kBodyMalformed && x.reason != Reason::kBodyTooLarge;
}

void CountFault(const Exchange& x, telemetry::ListenerCells& listener) {
  if (IsMalformed(x)) listener.malformed_requests.Add();
  if (x.reason == Reason::kRequestTimeout || x.reason == Reason::kClientTooSlow) listener.client_timeouts.Add();
}

telemetry::ListenerCells& ListenerCellsOf(Call& call) {
  if (call.kept != nullptr) return *call.kept->listener_cells;
  return call.generation->series->Listener(call.proxy.worker, call.x.listener);
}

telemetry::RouteCells& RouteCellsOf(Call& call) {
  if (call.kept != nullptr) return *call.kept->route_cells;
  return call.proxy.route_cells.Find(*call.generation->series, call.proxy.worker, call.x.listener, call.x.route);
}

void Count(Call& call, const Outcome& outcome) {
  const Exchange& x = call.x;
  if (x.reason != Reason::kNone) call.proxy.stats.cells().local_replies[static_cast<size_t>(x.reason)].Add();
  if (call.listener == nullptr) return;
  if (x.reason != Reason::kNone) CountFault(x, ListenerCellsOf(call));
  telemetry::RouteCells& route = RouteCellsOf(call);
  route.requests.Add(outcome.status);
  route.request_bytes.Add(x.bytes_in);
  route.response_bytes.Add(x.bytes_out);
  route.duration.Observe(x.time.ended - x.time.started);
  if (x.is_grpc) [[unlikely]]
    route.grpc_calls.Add(telemetry::GrpcCounter::IndexOf(x.grpc_status));
}

Duration Between(TimePoint from, TimePoint to) {
  return from == TimePoint() || to == TimePoint() ? Duration(-1) : to - from;
}

void AddConnection(const ConnectionInfo& connection, telemetry::AccessLogEntry& entry) {
  entry.tls_version = connection.tls_version;
  entry.tls_cipher = connection.tls_cipher;
  entry.sni = connection.server_name;
  entry.alpn = connection.alpn;
  entry.client_identity = connection.client_identity;
}

// What the policies of the place did not look at may hold a credential under a name that nobody here knows.
bool QueryIsSafe(const Call& call) {
  if (call.chain == nullptr) return false;
  return call.x.reason != Reason::kAddressDenied && call.x.reason != Reason::kCorsPreflight;
}

// As it came, but for credentials and what may be one.
std::string_view LoggedPath(Call& call) {
  Exchange& x = call.x;
  if (call.path.empty()) {
    size_t query = x.request.target.find('?');
    return query == std::string_view::npos ? x.request.target
                                           : x.arena.Concat({x.request.target.substr(0, query), "?-"});
  }
  if (!x.request.has_query) return call.path;
  if (!QueryIsSafe(call)) return x.arena.Concat({call.path, "?-"});
  return x.arena.Concat({call.path, "?", call.proxy.secret_parameters->Mask(call.query, x.arena)});
}

void Log(Call& call, const Outcome& outcome) {
  Exchange& x = call.x;
  if (call.proxy.log == nullptr) return;
  bool decided = !call.path.empty();
  telemetry::AccessLogEntry entry{
      .time_unix_ns = x.time.wall.time_since_epoch().count(),
      .request_id = x.id_text,
      .generation_epoch = x.generation_epoch,
      .generation_number = x.generation_number,
      .endpoints_epoch = x.endpoints_epoch,
      .listener = x.listener,
      .route = x.route,
      .rule = x.rule,
      .rule_name = call.rule != nullptr ? std::string_view(call.rule->name) : std::string_view(),
      .cluster = x.cluster,
      .endpoint = x.endpoint,
      .protocol = http::VersionText(x.request.version),
      .method = x.request.method_text,
      .host = decided ? call.host : x.request.headers.Get(http::HeaderId::kHost),
      .path = LoggedPath(call),
      .status = outcome.status,
      .grpc_status = x.grpc_status,
      .upgrade = x.response.upgrade,
      .reason = NameOf(x.reason),
      .detail = x.reason != Reason::kNone ? x.detail : std::string_view(),
      .bytes_in = x.bytes_in,
      .bytes_out = x.bytes_out,
      .duration = x.time.ended - x.time.started,
      .upstream_connect = x.time.connect,
      .upstream_response = Between(x.time.upstream_start, x.time.upstream_head),
      .peer = x.peer_address_text,
      .client = x.client_text,
      .subject = x.identity.subject,
      .user_agent = x.request.headers.Get("user-agent"),
      .tries = x.tries,
      .seed = x.seed,
  };
  if (!x.connection->tls_version.empty()) [[unlikely]]
    AddConnection(*x.connection, entry);
  call.proxy.log->Write(entry);
}

}  // namespace

void End(Call& call) {
  Exchange& x = call.x;
  x.time.ended = call.proxy.reactor.Now();
  Outcome outcome{.status = call.started ? x.response.status : 0, .reason = x.reason, .complete = call.delivered};
  TellPolicies(call, outcome);
  if (call.proxy.audit != nullptr) [[unlikely]]
    Audit(call, outcome.status);
  Count(call, outcome);
  Log(call, outcome);
}

}  // namespace penstock::proxy
