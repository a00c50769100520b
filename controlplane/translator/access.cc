#include "controlplane/translator/access.h"

#include <algorithm>
#include <memory>
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

// Collects the policies of one place, the closest first.
class Collector {
 public:
  explicit Collector(Reader& reader) : reader_(reader) {}

  void Add(const ObjectKey& target, std::string_view section, Which which) {
    for (const Upsert* upsert : reader_.PoliciesOn(target)) {
      AddIf<api::SecurityPolicy>(*upsert, target, section, which, access_.security);
      AddIf<api::RateLimitPolicy>(*upsert, target, section, which, access_.limits);
    }
  }

  void AddOverrides(const ListenerPlace& listener) {
    Add(listener.gateway, "", Which::kOverrides);
    Add(listener.owner, listener.name, Which::kOverrides);
  }
  void AddListener(const ListenerPlace& listener) {
    Add(listener.owner, listener.name, Which::kOrdinary);
    if (listener.owner != listener.gateway) Add(listener.owner, "", Which::kOrdinary);
    Add(listener.gateway, "", Which::kOrdinary);
  }

  Access Take() { return std::move(access_); }

 private:
  template <typename Policy, typename Spec>
  void AddIf(const Upsert& upsert, const ObjectKey& target, std::string_view section, Which which, Spec& spec) {
    const Policy* policy = upsert.object->As<Policy>();
    if (policy == nullptr || policy->spec().override() != (which == Which::kOverrides)) return;
    if (RefersTo(policy->spec().target_refs(), target, section))
      Fill(policy->spec(), upsert.object->key(), spec, access_);
  }

  Reader& reader_;
  Access access_;
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
  return spec.has_api_key() ? "apiKey" : "clientCertificate";
}

void AppendSecurity(const Access& access, Reader& reader, ChainNeeds& needs, wire::PolicyChain& chain) {
  const api::SecurityPolicySpec& spec = access.security;
  if (spec.has_ip_filter()) Append("address_filter", "ipFilter", AddressFilterOf(spec.ip_filter()), access, chain);
  if (spec.has_jwt())
    Append("jwt", "jwt", JwtOf(spec.jwt(), NamespaceOf(access, "jwt"), reader, needs.secrets), access, chain);
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
