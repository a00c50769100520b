#include "controlplane/manifests/kinds.h"

#include <cstdlib>

#include "api/manifests/v1/addresslist.pb.h"
#include "api/manifests/v1/backend.pb.h"
#include "api/manifests/v1/backendtlspolicy.pb.h"
#include "api/manifests/v1/clientpolicy.pb.h"
#include "api/manifests/v1/consumer.pb.h"
#include "api/manifests/v1/core.pb.h"
#include "api/manifests/v1/gateway.pb.h"
#include "api/manifests/v1/grpcroute.pb.h"
#include "api/manifests/v1/httproute.pb.h"
#include "api/manifests/v1/layer4.pb.h"
#include "api/manifests/v1/listenerset.pb.h"
#include "api/manifests/v1/ratelimitpolicy.pb.h"
#include "api/manifests/v1/referencegrant.pb.h"
#include "api/manifests/v1/revocation.pb.h"
#include "api/manifests/v1/schema.pb.h"
#include "api/manifests/v1/securitypolicy.pb.h"
#include "api/manifests/v1/trafficpolicy.pb.h"
#include "controlplane/manifests/nearest.h"
#include "controlplane/manifests/text.h"

namespace penstock::manifests {
namespace {

using google::protobuf::Message;

// A row per kind, in the order of the documentation.
std::vector<const Message*> Prototypes() {
  return {
      &v1::GatewayClass::default_instance(),     &v1::Gateway::default_instance(),
      &v1::ListenerSet::default_instance(),      &v1::HTTPRoute::default_instance(),
      &v1::GRPCRoute::default_instance(),        &v1::TLSRoute::default_instance(),
      &v1::TCPRoute::default_instance(),         &v1::UDPRoute::default_instance(),
      &v1::BackendTLSPolicy::default_instance(), &v1::ReferenceGrant::default_instance(),
      &v1::Backend::default_instance(),          &v1::ClientPolicy::default_instance(),
      &v1::TrafficPolicy::default_instance(),    &v1::SecurityPolicy::default_instance(),
      &v1::RateLimitPolicy::default_instance(),  &v1::AddressList::default_instance(),
      &v1::Consumer::default_instance(),         &v1::Plan::default_instance(),
      &v1::ApiKey::default_instance(),           &v1::Revocation::default_instance(),
      &v1::Namespace::default_instance(),        &v1::Service::default_instance(),
      &v1::EndpointSlice::default_instance(),    &v1::Secret::default_instance(),
      &v1::ConfigMap::default_instance(),
  };
}

Kind MakeKind(const Message* prototype) {
  const v1::KindRules& rules = prototype->GetDescriptor()->options().GetExtension(v1::kind);
  if (rules.versions().empty()) std::abort();  // a message without option (kind) is no kind: a mistake of ours
  Kind kind{.group = rules.group(),
            .versions = {rules.versions().begin(), rules.versions().end()},
            .name = rules.kind(),
            .plural = rules.plural(),
            .short_names = {rules.short_names().begin(), rules.short_names().end()},
            .cluster_scoped = rules.cluster_scoped(),
            .prototype = prototype};
  return kind;
}

bool IsCalled(const Kind& kind, std::string_view name) {
  if (EqualsIgnoreCase(name, kind.name) || EqualsIgnoreCase(name, kind.plural)) return true;
  for (const std::string& short_name : kind.short_names) {
    if (EqualsIgnoreCase(name, short_name)) return true;
  }
  return false;
}

}  // namespace

std::string Kind::ApiVersion() const { return ApiVersion(versions.front()); }

std::string Kind::ApiVersion(std::string_view version) const {
  return group.empty() ? std::string(version) : Cat(group, "/", version);
}

KindTable::KindTable(std::span<const Message* const> prototypes) {
  for (const Message* prototype : prototypes) kinds_.push_back(MakeKind(prototype));
}

const Kind* KindTable::Find(std::string_view group, std::string_view kind) const {
  for (const Kind& candidate : kinds_) {
    if (candidate.name == kind && candidate.group == group) return &candidate;
  }
  return nullptr;
}

const Kind* KindTable::FindByAnyName(std::string_view name) const {
  for (const Kind& kind : kinds_) {
    if (IsCalled(kind, name)) return &kind;
    bool with_group = name.size() > kind.group.size() + 1 &&
                      EqualsIgnoreCase(name.substr(name.size() - kind.group.size() - 1), "." + kind.group);
    if (with_group && IsCalled(kind, name.substr(0, name.size() - kind.group.size() - 1))) return &kind;
  }
  return nullptr;
}

std::string_view KindTable::Nearest(std::string_view name) const {
  std::vector<std::string_view> names;
  for (const Kind& kind : kinds_) names.push_back(kind.name);
  return manifests::Nearest(name, names);
}

const KindTable& BuiltInKinds() {
  static const KindTable table(Prototypes());
  return table;
}

}  // namespace penstock::manifests
