#include <algorithm>
#include <charconv>

#include "absl/strings/match.h"
#include "dataplane/base/strings.h"
#include "dataplane/http/forwarded.h"
#include "dataplane/http/hop_by_hop.h"
#include "dataplane/proxy/steps.h"
#include "dataplane/snapshot/admission.h"

namespace penstock::proxy {
namespace {

// What the client asked the outermost proxy for: only one whole, known value is believed.
void FindClientScheme(Call& call) {
  const http::Headers& headers = call.x.request.headers;
  std::string_view scheme = headers.Get(http::HeaderId::kXForwardedProto);
  std::string_view port = headers.Get(http::HeaderId::kXForwardedPort);
  for (std::string_view known : {"http", "https"}) {
    if (absl::EqualsIgnoreCase(ToAbsl(scheme), ToAbsl(known))) call.client_scheme = known;
  }
  uint16_t number = 0;
  auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error == std::errc() && end == port.data() + port.size()) call.client_port = number;
}

void FindClient(Call& call) {
  Exchange& x = call.x;
  const snapshot::ClientSettings& settings = call.listener->client;
  x.client_text = x.peer_text;
  x.client.address = x.peer;
  if (settings.trusted_proxies.empty()) return;
  x.client = http::FindClient(x.request.headers, x.peer, settings.trusted_proxies, settings.trusted_hops);
  if (x.client.address != x.peer) x.client_text = x.arena.Copy(x.client.address.ToString());
  if (x.client.peer_trusted) FindClientScheme(call);
}

// A trusted proxy's id names the request on its whole way; a stranger's would let it choose what the log says.
bool IsUsableId(std::string_view id) {
  return !id.empty() && id.size() <= 128 &&
         std::all_of(id.begin(), id.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

void NameRequest(Exchange& x, Random& random) {
  std::string_view theirs = x.request.headers.Get(http::HeaderId::kXRequestId);
  if (x.client.peer_trusted && IsUsableId(theirs)) {
    x.id_text = theirs;
    return;
  }
  x.id = RequestId::Make(random);
  RequestId::Text text = x.id.ToText();
  x.id_text = x.arena.Copy(View(text));
  x.request.headers.Set(http::HeaderId::kXRequestId, x.id_text);
}

// From here on the header fields are those that the upstream gets, but for filters.
void CleanHeaders(Call& call) {
  Exchange& x = call.x;
  http::StripRequest(x.request.headers);
  http::WriteForwarding(x.request.headers,
                        {.peer = x.peer_text,
                         .scheme = x.request.scheme,
                         .authority = x.request.authority,
                         .port = call.stream.place().port_text(),
                         .version = x.request.version,
                         .peer_trusted = x.client.peer_trusted},
                        x.arena);
  NameRequest(x, call.proxy.reactor.random());
}

void Decide(Call& call, const snapshot::Shared<snapshot::CompiledListener>& listener) {
  Exchange& x = call.x;
  snapshot::Decision decision = call.generation->snapshot->Decide(listener, {.method = x.request.method_text,
                                                                             .host = x.request.host,
                                                                             .path = x.request.path,
                                                                             .query = x.request.query,
                                                                             .headers = &x.request.headers});
  if (decision.match == nullptr) return;
  call.match = decision.match;
  call.rule = &decision.rule();
  std::string_view chain = call.rule->ChainFor(call.listener->name);
  if (!chain.empty()) call.chain = &call.generation->policies.Find(chain);
  x.route = decision.route().name;
  x.rule = decision.match->rule;
}

// Is the request answered here and now?
bool Refused(Exchange& x, const snapshot::Admission& admission) {
  if (!admission.ok()) x.detail = admission.detail;
  return !admission.ok();
}

// What a handshake proved counts for the listener whose server name it named, and for what that asks now.
Reason CheckHandshake(Call& call, const snapshot::Shared<snapshot::CompiledListener>* listener) {
  const ConnectionInfo& connection = *call.x.connection;
  std::string_view of_host = listener == nullptr ? std::string_view() : std::string_view((*listener)->name);
  if (Refused(call.x, snapshot::AdmitToListener(of_host, connection.listener))) {
    // Whoever began in cleartext, before there was TLS here, will not get further.
    call.close |= connection.tls_version.empty();
    return Reason::kMisdirected;
  }
  if (!(*listener)->tls.has_value() || !(*listener)->tls->client.has_value()) return Reason::kNone;
  const std::shared_ptr<const tls::ServerContext>* context = call.generation->tls.FindServer((*listener)->name);
  if (context != nullptr && (*context)->client_policy() == connection.client_policy) return Reason::kNone;
  call.x.detail = "clients must prove something else now";
  call.close = true;
  return Reason::kMisdirected;
}

Reason Examine(Call& call) {
  Exchange& x = call.x;
  const snapshot::Snapshot& snapshot = *call.generation->snapshot;
  x.generation_epoch = snapshot.id().epoch;
  x.generation_number = snapshot.id().number;
  x.seed = call.proxy.reactor.random().Next();
  x.services = &call.proxy.services;
  x.revocations = &snapshot.revocations();
  x.consumers = &snapshot.consumers();
  x.address_lists = &snapshot.address_lists();

  const snapshot::BindGroup* group = call.proxy.Listeners(call.stream.place());
  if (group == nullptr) return x.reason != Reason::kNone ? x.reason : Reason::kNoListener;
  // Until the host is known, the least specific listener stands for all: for the log and for x-penstock-reason.
  proxy::Place& place = call.stream.place();
  call.listener = &place.default_listener();
  x.listener = call.listener->name;
  if (x.reason != Reason::kNone) return x.reason;

  http::RequestHead& request = x.request;
  snapshot::Admission admission = snapshot::AdmitAuthority(request, call.stream.scheme(), x.arena);
  if (Refused(x, admission)) return admission.reason;
  const snapshot::Shared<snapshot::CompiledListener>* listener = place.ListenerOf(snapshot, request.host);
  if (listener != nullptr) call.listener = listener->get();
  x.listener = call.listener->name;
  call.stream.Apply(call.listener->client);
  admission = snapshot::AdmitPath(request, call.listener->client, x.arena);
  call.host = request.host;
  call.path = request.path;
  call.query = request.query;
  if (Refused(x, admission)) return admission.reason;

  FindClient(call);
  bool circles = snapshot::RunsInCircles(request);
  CleanHeaders(call);
  if (place.secure()) [[unlikely]] {
    Reason refused = CheckHandshake(call, listener);
    if (refused != Reason::kNone) return refused;
  }
  if (listener == nullptr) return Reason::kNoListener;
  // Whoever matches no route passes the listener's.
  call.chain = &call.generation->policies.Find(call.listener->policy_chain);
  if (circles) return Reason::kLoopDetected;
  if (snapshot::AsksTheProxy(request, x.arena)) return Reason::kOptions;
  Decide(call, *listener);
  return call.match == nullptr ? Reason::kNoRoute : Reason::kNone;
}

// What is refused before its listener is known for sure has an id and a client, too: by the listener that stands for
// all.
void NameRefused(Call& call) {
  if (call.listener != nullptr) {
    FindClient(call);
  } else {
    call.x.client_text = call.x.peer_text;
  }
  NameRequest(call.x, call.proxy.reactor.random());
}

}  // namespace

Reason Accept(Call& call) {
  Reason refused = Examine(call);
  if (call.x.id_text.empty()) NameRefused(call);
  return refused;
}

}  // namespace penstock::proxy
