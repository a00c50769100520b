#include "controlplane/translator/access.h"

#include <algorithm>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "controlplane/manifests/text.h"
#include "controlplane/translator/access_wire.h"
#include "controlplane/translator/external_auth.h"
#include "controlplane/translator/policies.h"
#include "controlplane/translator/values.h"
#include "google/protobuf/message.h"

namespace penstock::translator {
namespace {

namespace wire = penstock::xds::v1;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using manifests::Cat;

enum class Which { kOverrides, kOrdinary };

// Whose parts are decided one by one: who denies somebody does not let others in by that.
constexpr std::string_view kByParts = "ipFilter";
constexpr std::string_view kAllowPart = "ipFilter.allow";
constexpr std::string_view kDenyPart = "ipFilter.deny";
constexpr std::string_view kDenyListsPart = "ipFilter.denyLists";

// Fills `spec` from a policy that is farther away, and notes where its fields are from. A field is taken as a whole:
// half a key, half a store or rules beside none would mean what neither policy says.
void Fill(const Message& farther, const ObjectKey& from, Message& spec, Access& access) {
  std::unique_ptr<Message> rest(farther.New());
  rest->CopyFrom(farther);
  std::vector<const FieldDescriptor*> fields;
  farther.GetReflection()->ListFields(farther, &fields);
  for (const FieldDescriptor* field : fields) {
    access.origins.try_emplace(std::string(field->json_name()), from);
    bool decided = !field->is_repeated() && spec.GetReflection()->HasField(spec, field);
    if (decided && field->json_name() != kByParts) rest->GetReflection()->ClearField(rest.get(), field);
  }
  FillUnset(spec, *rest);
}

// Of a filter that is farther away, what a closer one leaves of it: those who may come are addresses and lists
// together, while one who is denied here by a list is denied there by his address all the same. Lists get the names of
// their resources.
void KeepParts(const api::IpFilter& closer, const std::string& ns, api::IpFilter& filter) {
  if (closer.allow_size() + closer.allow_lists_size() > 0) {
    filter.clear_allow();
    filter.clear_allow_lists();
  }
  for (std::string& name : *filter.mutable_allow_lists()) name = Cat(ns, '/', name);
  for (std::string& name : *filter.mutable_deny_lists()) name = Cat(ns, '/', name);
}

// Which policy a part of the filter is from is noted for that part.
void NoteParts(const api::IpFilter& filter, const ObjectKey& from, Access& access) {
  if (filter.allow_size() + filter.allow_lists_size() > 0) access.origins.try_emplace(std::string(kAllowPart), from);
  if (filter.deny_size() > 0) access.origins.try_emplace(std::string(kDenyPart), from);
  if (filter.deny_lists_size() > 0) access.origins.try_emplace(std::string(kDenyListsPart), from);
}

// Collects the policies of one place, the closest first.
class Collector {
 public:
  explicit Collector(Reader& reader) : reader_(reader) {}

  void Add(const ObjectKey& target, std::string_view section, Which which) {
    closed_ = Demands(access_.security) || DemandOn(target, section, which == Which::kOverrides, reader_) != nullptr;
    for (const Upsert* upsert : reader_.PoliciesOn(target)) {
      AddIf<api::SecurityPolicy>(*upsert, target, section, which, access_.security);
      AddIf<api::RateLimitPolicy>(*upsert, target, section, which, access_.limits);
    }
  }

  void AddOverrides(const ListenerPlace& listener) {
    Add(listener.gateway, "", Which::kOverrides);
    Add(listener.owner, listener.name, Which::kOverrides);
    FixDemand();
  }
  void AddListener(const ListenerPlace& listener) {
    Add(listener.owner, listener.name, Which::kOrdinary);
    if (listener.owner != listener.gateway) Add(listener.owner, "", Which::kOrdinary);
    Add(listener.gateway, "", Which::kOrdinary);
  }

  Access Take() { return std::move(access_); }

 private:
  // What overrides ask for is all that counts: no closer policy adds another way to prove it.
  void FixDemand() {
    api::SecurityPolicySpec& spec = access_.security;
    wire::Authentication demand = AuthenticationOf(spec);
    if (spec.has_require() || demand.all_of().empty()) return;
    *spec.mutable_require()->add_all_of()->mutable_any_of() = demand.all_of(0).any_of();
    for (std::string_view field : {"jwt", "basic", "apiKey", "clientCertificate"}) {
      auto origin = access_.origins.find(field);
      if (origin != access_.origins.end()) access_.origins.try_emplace("require", origin->second);
    }
  }

  template <typename Policy, typename Spec>
  void AddIf(const Upsert& upsert, const ObjectKey& target, std::string_view section, Which which, Spec& spec) {
    const Policy* policy = upsert.object->As<Policy>();
    if (policy == nullptr || policy->spec().override() != (which == Which::kOverrides)) return;
    if (!RefersTo(policy->spec().target_refs(), target, section)) return;
    Spec farther = policy->spec();
    if constexpr (std::is_same_v<Policy, api::SecurityPolicy>) {
      if (closed_) farther.clear_anonymous();
      if (farther.has_ip_filter()) {
        KeepParts(spec.ip_filter(), upsert.object->key().ns, *farther.mutable_ip_filter());
        NoteParts(farther.ip_filter(), upsert.object->key(), access_);
      }
    }
    Fill(farther, upsert.object->key(), spec, access_);
  }

  Reader& reader_;
  Access access_;
  // Who asks for a proof is not opened from farther away, nor by those who are equally close.
  bool closed_ = false;
};

// Puts one policy behind the others.
void Append(std::string_view type, std::string_view field, const Message& config, const Access& access,
            wire::PolicyChain& chain) {
  wire::PolicyConfig& policy = *chain.add_policies();
  policy.set_type(std::string(type));
  auto origin = access.origins.find(field);
  if (origin != access.origins.end()) policy.set_origin(origin->second.ToString());
  policy.mutable_config()->PackFrom(config);
}

std::string NamespaceOf(const Access& access, std::string_view field) {
  auto origin = access.origins.find(field);
  return origin == access.origins.end() ? "" : origin->second.ns;
}

// The field that asks for a proof.
std::string_view AuthenticationField(const api::SecurityPolicySpec& spec) {
  if (spec.has_require()) return "require";
  if (spec.has_jwt()) return "jwt";
  if (spec.has_basic()) return "basic";
  return spec.has_api_key() ? "apiKey" : "clientCertificate";
}

// Adds to POLICIES, which has one for each origin, what SET sets in that of the policy FIELD is from.
template <typename Config, typename Set>
void AddPart(const Access& access, std::string_view field, std::vector<std::pair<std::string_view, Config>>& policies,
             Set set) {
  auto from = access.origins.find(field);
  auto same = std::find_if(policies.begin(), policies.end(), [&](const auto& policy) {
    auto other = access.origins.find(policy.first);
    return from != access.origins.end() && other != access.origins.end() && other->second == from->second;
  });
  if (same == policies.end()) same = policies.insert(same, {field, Config()});
  set(same->second);
}

// Whoever may not come at all is told nothing else. One for each policy that has a say, so that each refusal names the
// one at fault.
void AppendAddresses(const Access& access, wire::PolicyChain& chain) {
  const wire::AddressFilter filter = AddressFilterOf(access.security.ip_filter());
  std::vector<std::pair<std::string_view, wire::AddressFilter>> policies;
  if (filter.deny_size() > 0)
    AddPart(access, kDenyPart, policies, [&](auto& part) { *part.mutable_deny() = filter.deny(); });
  if (filter.deny_lists_size() > 0)
    AddPart(access, kDenyListsPart, policies, [&](auto& part) { *part.mutable_deny_lists() = filter.deny_lists(); });
  if (filter.allow_size() + filter.allow_lists_size() > 0) {
    AddPart(access, kAllowPart, policies, [&](auto& part) {
      *part.mutable_allow() = filter.allow();
      *part.mutable_allow_lists() = filter.allow_lists();
    });
  }
  // One that names nobody is refused by data planes: it lets nobody in by being left out.
  if (access.security.has_ip_filter() && policies.empty()) policies.emplace_back(kByParts, filter);
  for (const auto& [field, config] : policies) Append("address_filter", field, config, access, chain);
}

wire::SizeBound BoundOf(int64_t most, std::string_view field, const Access& access) {
  wire::SizeBound bound;
  bound.set_most(static_cast<uint64_t>(most));
  auto origin = access.origins.find(field);
  if (origin != access.origins.end()) bound.set_policy(NamespacedName(origin->second));
  return bound;
}

// Before what costs something, and before anybody adds header fields. One for each policy, as above; content last, as
// it may come later.
void AppendSizes(const Access& access, wire::PolicyChain& chain) {
  const api::RateLimitPolicySpec& spec = access.limits;
  constexpr std::string_view kBody = "maxRequestBodyBytes";
  constexpr std::string_view kBytes = "maxHeaderBytes";
  constexpr std::string_view kCount = "maxHeaderCount";
  std::vector<std::pair<std::string_view, wire::SizeLimit>> policies;
  if (spec.has_max_header_bytes()) {
    AddPart(access, kBytes, policies,
            [&](auto& part) { *part.mutable_header_bytes() = BoundOf(spec.max_header_bytes(), kBytes, access); });
  }
  if (spec.has_max_header_count()) {
    AddPart(access, kCount, policies,
            [&](auto& part) { *part.mutable_header_count() = BoundOf(spec.max_header_count(), kCount, access); });
  }
  if (spec.has_max_request_body_bytes()) {
    AddPart(access, kBody, policies, [&](auto& part) {
      *part.mutable_request_body_bytes() = BoundOf(spec.max_request_body_bytes(), kBody, access);
    });
  }
  for (const auto& [field, config] : policies) Append("size_limit", field, config, access, chain);
}

void AppendSecurity(const Access& access, Reader& reader, ChainNeeds& needs, wire::PolicyChain& chain) {
  const api::SecurityPolicySpec& spec = access.security;
  if (spec.has_jwt())
    Append("jwt", "jwt", JwtOf(spec.jwt(), NamespaceOf(access, "jwt"), reader, needs.secrets), access, chain);
  if (spec.has_basic())
    Append("basic", "basic", BasicOf(spec.basic(), NamespaceOf(access, "basic"), reader, needs.secrets), access, chain);
  if (spec.has_api_key()) Append("api_key", "apiKey", ApiKeyOf(spec.api_key()), access, chain);
  if (spec.has_client_certificate())
    Append("client_certificate", "clientCertificate", wire::ClientCertificateAuthentication(), access, chain);
  wire::Authentication authentication = AuthenticationOf(spec);
  if (!spec.anonymous() && !authentication.all_of().empty())
    Append("authentication", AuthenticationField(spec), authentication, access, chain);
  auto external = access.origins.find("external");
  if (spec.has_external() && external != access.origins.end()) {
    Append("external_auth", "external", ExternalAuthOf(spec.external(), external->second, reader, needs.clusters),
           access, chain);
  }
  if (spec.has_authorization())
    Append("authorization", "authorization",
           AuthorizationOf(spec.authorization(), NamespaceOf(access, "authorization")), access, chain);
}

void AppendLimits(const Access& access, Reader& reader, std::vector<std::string>& secrets, wire::PolicyChain& chain) {
  const api::RateLimitPolicySpec& spec = access.limits;
  auto origin = access.origins.find("rules");
  if (spec.rules().empty() || origin == access.origins.end()) return;
  wire::RateLimit config = RateLimitOf(spec, origin->second.ns, NamespaceOf(access, "redis"), reader, secrets);
  config.set_policy(NamespacedName(origin->second));
  Append("rate_limit", "rules", config, access, chain);
}

}  // namespace

Access AccessOfListener(const ListenerPlace& listener, Reader& reader) {
  Collector collector(reader);
  collector.AddOverrides(listener);
  collector.AddListener(listener);
  return collector.Take();
}

Access AccessOfRule(const ListenerPlace& listener, const ObjectKey& route, std::string_view rule, Reader& reader) {
  Collector collector(reader);
  collector.AddOverrides(listener);
  if (!rule.empty()) collector.Add(route, rule, Which::kOrdinary);
  collector.Add(route, "", Which::kOrdinary);
  collector.AddListener(listener);
  return collector.Take();
}

bool HasAccessPolicies(const ObjectKey& route, Reader& reader) {
  std::vector<const Upsert*> policies = reader.PoliciesOn(route);
  return std::any_of(policies.begin(), policies.end(), [](const Upsert* upsert) {
    return upsert->object->As<api::SecurityPolicy>() != nullptr ||
           upsert->object->As<api::RateLimitPolicy>() != nullptr;
  });
}

std::optional<wire::PolicyChain> ChainOf(const Access& access, Reader& reader, ChainNeeds& needs) {
  wire::PolicyChain chain;
  AppendAddresses(access, chain);
  AppendSizes(access, chain);
  AppendSecurity(access, reader, needs, chain);
  AppendLimits(access, reader, needs.secrets, chain);
  if (chain.policies().empty()) return std::nullopt;
  return chain;
}

std::string ListenerChainName(std::string_view listener) { return Cat("listener/", listener); }

std::string RuleChainName(std::string_view route, size_t rule, std::string_view listener) {
  std::string name = Cat("route/", route, '/', rule);
  if (!listener.empty()) manifests::Append(name, '@', listener);
  return name;
}

ObjectKey OriginKey(std::string_view origin) {
  std::string_view kind = origin.substr(0, origin.find(' '));
  std::string_view rest = origin.substr(std::min(kind.size() + 1, origin.size()));
  std::string_view ns = rest.substr(0, rest.find('/'));
  std::string_view name = rest.substr(std::min(ns.size() + 1, rest.size()));
  return ObjectKey{std::string(kPenstockGroup), std::string(kind), std::string(ns), std::string(name)};
}

}  // namespace penstock::translator
