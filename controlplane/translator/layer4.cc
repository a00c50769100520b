#include "controlplane/translator/layer4.h"

#include <algorithm>
#include <utility>

#include "api/manifests/v1/layer4.pb.h"
#include "controlplane/manifests/text.h"

namespace penstock::translator {
namespace {

namespace wire = penstock::xds::v1;
using manifests::Cat;

using Layer4Rules = google::protobuf::RepeatedPtrField<api::Layer4Rule>;

const Layer4Rules& RulesOf(const manifests::Object& route) {
  if (const auto* tls = route.As<api::TLSRoute>()) return tls->spec().rules();
  if (const auto* tcp = route.As<api::TCPRoute>()) return tcp->spec().rules();
  static const Layer4Rules kNone;
  const auto* udp = route.As<api::UDPRoute>();
  return udp == nullptr ? kNone : udp->spec().rules();
}

}  // namespace

TranslatedRules TranslateLayer4(const manifests::Object& route, Reader& reader, FindingSink& findings) {
  TranslatedRules out;
  wire::RouteRule& rule = *out.rules.Add();
  wire::Tunnel& tunnel = *rule.mutable_tunnel();
  if (RulesOf(route).empty()) return out;  // an error of the schema
  const api::Layer4Rule& from = RulesOf(route)[0];
  rule.set_name(from.name());
  uint64_t sum = 0;
  for (int i = 0; i < from.backend_refs_size(); ++i) {
    const api::BackendRef& ref = from.backend_refs(i);
    std::string path = Cat("spec.rules[0].backendRefs[", i, "]");
    ResolvedBackend backend = ResolveBackend(ReferenceOf(ref), path, route.key(), reader, findings);
    wire::WeightedCluster& to = *tunnel.add_clusters();
    to.set_cluster(backend.cluster);
    to.set_problem(backend.problem);
    to.set_weight(ref.has_weight() ? static_cast<uint32_t>(std::max(ref.weight(), 0)) : 1);
    sum += to.weight();
    if (backend.cluster.empty()) out.unresolved.push_back(std::move(backend));
  }
  if (sum == 0) {
    findings.Warning("spec.rules[0].backendRefs", "W204", "all weights are 0: every connection is refused",
                     "give one of the backends a weight");
  }
  return out;
}

}  // namespace penstock::translator
