#include "dataplane/base/strings.h"
#include "dataplane/exchange/reason.h"
#include "dataplane/snapshot/explain_backends.h"
#include "dataplane/snapshot/explain_place.h"
#include "dataplane/snapshot/explain_tls.h"
#include "dataplane/snapshot/nearest.h"
#include "dataplane/snapshot/protocol.h"
#include "dataplane/snapshot/state.h"

namespace penstock::snapshot {
namespace {

const ShareAnswers kRefused{.unresolved = "refused", .no_endpoint = "refused"};

struct SchemeRow {
  std::string_view scheme;
  ListenerProtocol protocol;
  std::string_view none;  // nothing takes the connection
};
constexpr SchemeRow kSchemes[] = {{"tls", ListenerProtocol::kTls, "the connection is closed"},
                                  {"tcp", ListenerProtocol::kTcp, "the connection is refused"},
                                  {"udp", ListenerProtocol::kUdp, "the datagrams are dropped"}};

const SchemeRow* FindScheme(std::string_view scheme) {
  for (const SchemeRow& row : kSchemes) {
    if (row.scheme == scheme) return &row;
  }
  return nullptr;
}

std::string ExplainTunnel(const Snapshot& snapshot, const Tunnel& tunnel, uint64_t seed, Explanation& explanation) {
  for (const WeightedCluster& cluster : tunnel.clusters)
    ExplainBackend(snapshot, cluster, tunnel.total_weight, kRefused, explanation);
  const WeightedCluster* picked = PickCluster(tunnel.clusters, tunnel.total_weight, seed);
  if (picked == nullptr) return "refused: no backend has a weight";
  ExplainedBackend& backend = explanation.backends[picked - tunnel.clusters.data()];
  backend.picked = true;
  if (picked->cluster.empty()) return "refused: the picked backend is unresolved";
  if (backend.endpoints == 0) return StrCat("refused: ", picked->cluster, " has no endpoint");
  explanation.endpoint = EndpointsOf(snapshot, picked->cluster);
  const CompiledCluster& cluster = **snapshot.FindCluster(picked->cluster);
  if (cluster.tls.has_value()) explanation.endpoint_tls = DescribeTls(*cluster.tls, std::nullopt);
  return StrCat("bytes to ", picked->cluster);
}

// What nobody takes is refused in TLS that is passed through as if the name were unknown.
void ExplainNoRoute(const CompiledListener& listener, Explanation& explanation) {
  explanation.outcome = Explanation::Outcome::kNoRoute;
  explanation.reason = NameOf(Reason::kNoRoute);
  bool passed_through = listener.protocol == ListenerProtocol::kTls && !listener.tls.has_value();
  if (passed_through) explanation.action = "the handshake is refused with the alert unrecognized_name";
}

// A connection that LISTENER takes.
void ExplainTaken(const Snapshot& snapshot, const CompiledListener& listener, const ExplainRequest& request,
                  Explanation& explanation) {
  explanation.listener = listener.name;
  explanation.listener_hostname = listener.hostname;
  if (listener.tls.has_value()) explanation.tls = DescribeTls(*listener.tls);
  // Only a handshake says which host is meant.
  std::string_view host = listener.protocol == ListenerProtocol::kTls ? std::string_view(request.server_name) : "";
  Decision decision = snapshot.DecideTunnel(*snapshot.FindListener(listener.name), host);
  if (decision.match == nullptr) return ExplainNoRoute(listener, explanation);
  explanation.outcome = Explanation::Outcome::kRouted;
  explanation.route = decision.route().name;
  explanation.rule = RuleLabel(decision.route(), decision.match->rule);
  explanation.match = host.empty() ? "every connection" : StrCat("server name ", host);
  if (const auto* tunnel = std::get_if<Tunnel>(&decision.rule().action))
    explanation.action = ExplainTunnel(snapshot, *tunnel, request.seed, explanation);
}

}  // namespace

bool IsConnection(const ExplainRequest& request) { return FindScheme(request.scheme) != nullptr; }

Explanation ExplainConnection(const Snapshot& snapshot, const ExplainRequest& request) {
  const SchemeRow& scheme = *FindScheme(request.scheme);
  Explanation explanation;
  explanation.generation = snapshot.id();
  explanation.port = request.port;
  explanation.action = scheme.none;
  const BindGroup* group = GroupFor(snapshot, request);
  explanation.port_open = group != nullptr;
  if (group == nullptr) {
    ExplainClosedPort(snapshot, request, explanation);
    return explanation;
  }
  if (group->key().is_unix()) explanation.socket = group->key().address;
  const CompiledListener* listener = snapshot.DefaultListener(*group).get();
  if (scheme.protocol == ListenerProtocol::kTls && IsSecure(group->protocol())) {
    listener = ExplainHandshake(snapshot, *group, request, explanation);
    if (listener == nullptr) return explanation;
  }
  if (listener->protocol == scheme.protocol) {
    ExplainTaken(snapshot, *listener, request, explanation);
  } else {
    explanation.action = StrCat(listener->name, " speaks another protocol; ask about ", SchemeOf(listener->protocol));
  }
  return explanation;
}

}  // namespace penstock::snapshot
