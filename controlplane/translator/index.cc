#include "controlplane/translator/index.h"

#include <map>
#include <set>
#include <utility>

#include "api/manifests/v1/backendtlspolicy.pb.h"
#include "api/manifests/v1/clientpolicy.pb.h"
#include "api/manifests/v1/consumer.pb.h"
#include "api/manifests/v1/core.pb.h"
#include "api/manifests/v1/gateway.pb.h"
#include "api/manifests/v1/listenerset.pb.h"
#include "api/manifests/v1/ratelimitpolicy.pb.h"
#include "api/manifests/v1/securitypolicy.pb.h"
#include "api/manifests/v1/trafficpolicy.pb.h"
#include "controlplane/translator/keys.h"
#include "controlplane/translator/listener_sets.h"

namespace penstock::translator {
namespace {

namespace api = manifests::v1;

constexpr std::string_view kServiceNameLabel = "kubernetes.io/service-name";

void AddTargets(const google::protobuf::RepeatedPtrField<api::PolicyTargetReference>& refs, const std::string& ns,
                std::set<std::string>& deps) {
  for (const api::PolicyTargetReference& ref : refs)
    deps.insert(PoliciesDep(ObjectKey{"", ref.kind(), ns, ref.name()}));
}

void AddPorts(const api::GatewaySpec& spec, std::set<std::string>& deps) {
  for (const api::Listener& listener : spec.listeners()) {
    deps.insert(PortDep(spec.gateway_class_name(), static_cast<uint32_t>(listener.port())));
  }
}

void AddCredentials(const api::ConsumerSpec& spec, const std::string& ns, std::set<std::string>& deps) {
  for (const api::TokenOwner& token : spec.tokens()) deps.insert(TokenDep(token.issuer(), token.subject()));
  for (const std::string& name : spec.certificates()) deps.insert(CertificateDep(name));
  for (const std::string& name : spec.users()) deps.insert(UserDep(ns, name));
}

// Sets whose readers look at the contents of the members.
std::set<std::string> ContentSets(const manifests::Object* object) {
  std::set<std::string> deps;
  if (object == nullptr) return deps;
  const ObjectKey& key = object->key();
  if (key.kind == "ReferenceGrant") deps.insert(GrantsDep(key.ns));
  if (const auto* policy = object->As<api::ClientPolicy>()) AddTargets(policy->spec().target_refs(), key.ns, deps);
  if (const auto* policy = object->As<api::TrafficPolicy>()) AddTargets(policy->spec().target_refs(), key.ns, deps);
  if (const auto* policy = object->As<api::SecurityPolicy>()) AddTargets(policy->spec().target_refs(), key.ns, deps);
  if (const auto* policy = object->As<api::RateLimitPolicy>()) AddTargets(policy->spec().target_refs(), key.ns, deps);
  if (const auto* policy = object->As<api::BackendTLSPolicy>()) {
    for (const api::PolicyTargetReference& ref : policy->spec().target_refs())
      deps.insert(BackendTlsDep(ObjectKey{"", ref.kind(), key.ns, ref.name()}));
  }
  if (const auto* consumer = object->As<api::Consumer>()) AddCredentials(consumer->spec(), key.ns, deps);
  if (const auto* api_key = object->As<api::ApiKey>()) deps.insert(ApiKeyDep(api_key->spec().sha256()));
  if (const auto* gateway = object->As<api::Gateway>()) AddPorts(gateway->spec(), deps);
  if (const auto* set = object->As<api::ListenerSet>(); set != nullptr && IsGateway(ParentOf(*object))) {
    deps.insert(ListenerSetsDep(ParentOf(*object)));
    for (const api::Listener& listener : set->spec().listeners())
      deps.insert(SetPortDep(static_cast<uint32_t>(listener.port())));
  }
  if (object->As<api::EndpointSlice>() != nullptr) {
    std::map<std::string, std::string> labels = object->Labels();
    auto service = labels.find(std::string(kServiceNameLabel));
    if (service != labels.end()) deps.insert(SlicesDep(key.ns, service->second));
  }
  return deps;
}

// Sets whose readers ask only whether there are members.
std::set<std::string> MemberSets(const manifests::Object* object) {
  std::set<std::string> deps;
  const auto* policy = object == nullptr ? nullptr : object->As<api::SecurityPolicy>();
  if (policy == nullptr) return deps;
  for (const api::JwtProvider& provider : policy->spec().jwt().providers()) deps.insert(IssuerDep(provider.issuer()));
  if (policy->spec().jwt().providers_size() > 0) deps.insert(IssuerDep(""));
  return deps;
}

}  // namespace

std::vector<IndexEntry> IndexEntriesOf(const manifests::Object* before, const manifests::Object* after) {
  std::map<std::string, IndexEntry> entries;
  for (const std::string& dep : MemberSets(before)) entries[dep].was_member = true;
  for (const std::string& dep : MemberSets(after)) entries[dep].is_member = true;
  std::erase_if(entries, [](const auto& entry) { return entry.second.was_member == entry.second.is_member; });
  for (const std::string& dep : ContentSets(before)) entries[dep].was_member = true;
  for (const std::string& dep : ContentSets(after)) entries[dep].is_member = true;
  if ((before == nullptr) != (after == nullptr)) {
    const ObjectKey& key = (before == nullptr ? after : before)->key();
    entries[NamesDep(key.kind, key.ns)] = {.dep = "", .was_member = before != nullptr, .is_member = after != nullptr};
  }
  std::vector<IndexEntry> list;
  for (auto& [dep, entry] : entries) {
    entry.dep = dep;
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace penstock::translator
