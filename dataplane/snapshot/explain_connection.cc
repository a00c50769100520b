#include "dataplane/base/strings.h"
#include "dataplane/snapshot/explain_backends.h"
#include "dataplane/snapshot/explain_tls.h"
#include "dataplane/snapshot/nearest.h"
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

}  // namespace

bool IsConnection(const ExplainRequest& request) { return FindScheme(request.scheme) != nullptr; }

Explanation ExplainConnection(const Snapshot& snapshot, const ExplainRequest& request) {
  const SchemeRow& scheme = *FindScheme(request.scheme);
  Explanation explanation;
  explanation.generation = snapshot.id();
  explanation.port = request.port;
  explanation.action = scheme.none;
  // Only a handshake says which host is meant.
  std::string_view host = scheme.protocol == ListenerProtocol::kTls ? std::string_view(request.server_name) : "";
  const BindGroup* group = GroupFor(snapshot, request);
  if (group == nullptr) return explanation;
  if (group->key().is_unix()) explanation.socket = group->key().address;
  const Shared<CompiledListener>* found = snapshot.FindListenerForHost(*group, host);
  const Shared<CompiledListener>& listener = found == nullptr ? snapshot.DefaultListener(*group) : *found;
  if (listener->protocol != scheme.protocol) explanation.action = StrCat(listener->name, " speaks another protocol");
  if (found == nullptr || listener->protocol != scheme.protocol) return explanation;
  explanation.listener = listener->name;
  explanation.listener_hostname = listener->hostname;
  Decision decision = snapshot.DecideTunnel(listener, host);
  explanation.outcome = decision.match == nullptr ? Explanation::Outcome::kNoRoute : Explanation::Outcome::kRouted;
  if (decision.match == nullptr) return explanation;
  explanation.route = decision.route().name;
  explanation.rule = RuleLabel(decision.route(), decision.match->rule);
  explanation.match = host.empty() ? "every connection" : StrCat("server name ", host);
  if (const auto* tunnel = std::get_if<Tunnel>(&decision.rule().action))
    explanation.action = ExplainTunnel(snapshot, *tunnel, request.seed, explanation);
  return explanation;
}

}  // namespace penstock::snapshot
