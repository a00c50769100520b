#include "controlplane/translator/no_effect.h"

#include <algorithm>

#include "controlplane/manifests/text.h"

namespace penstock::translator {
namespace {

using manifests::Cat;

bool AsksForClaims(const api::RequestCondition& when) {
  return when.roles_size() + when.scopes_size() + when.claims_size() > 0 || when.has_jwt_claim();
}

// `rule "admins"` of the first one that does; "" if none does.
template <typename Rules>
std::string RuleByClaims(const Rules& rules) {
  auto rule = std::find_if(rules.begin(), rules.end(), [](const auto& r) { return AsksForClaims(r.when()); });
  if (rule == rules.end()) return "";
  return rule->name().empty() ? Cat("rules[", rule - rules.begin(), "]") : Cat("rule \"", rule->name(), "\"");
}

// The first claim that something is counted by; "" if there is none.
std::string CountedClaim(const api::RateLimitPolicySpec& spec) {
  for (const api::LimitRule& rule : spec.rules()) {
    const std::string& claim = rule.has_key() ? rule.key().jwt_claim() : spec.key().jwt_claim();
    if (!claim.empty()) return claim;
  }
  return "";
}

}  // namespace

void NoEffect::Check(const Access& access, const std::string& path) {
  CheckTokens(access, path);
  CheckLimits(access, path);
}

void NoEffect::CheckTokens(const Access& access, const std::string& path) {
  if (access.security.has_jwt()) return;
  std::string rule = RuleByClaims(access.security.authorization().rules());
  if (!rule.empty())
    TellTokens(access, "authorization", Cat("has ", rule, " about claims of tokens: it is for nobody"), path);
  rule = RuleByClaims(access.limits.rules());
  if (!rule.empty()) TellTokens(access, "rules", Cat("has ", rule, " about claims of tokens: it is for nobody"), path);
  std::string claim = CountedClaim(access.limits);
  if (!claim.empty())
    TellTokens(access, "rules", Cat("counts by the claim \"", claim, "\": addresses are counted instead"), path);
}

void NoEffect::CheckLimits(const Access& access, const std::string& path) {
  if (!access.limits.rules().empty()) return;
  for (std::string_view field : {"key", "redis", "headers"}) {
    const ObjectKey* origin = Teller(access, field);
    if (origin != nullptr && IsForRoutes(*origin)) {
      findings_.Warning(path, "W224",
                        Cat(origin->ToString(), " says ", field, ", and no policy here has rules to limit by"),
                        "write rules into it, or remove it");
    }
  }
}

bool NoEffect::IsForRoutes(const ObjectKey& policy) {
  auto names_a_route = [](const auto* object) {
    return object != nullptr && std::any_of(object->spec().target_refs().begin(), object->spec().target_refs().end(),
                                            [](const auto& ref) { return ref.kind().ends_with("Route"); });
  };
  return names_a_route(reader_.Get<api::SecurityPolicy>(policy)) ||
         names_a_route(reader_.Get<api::RateLimitPolicy>(policy));
}

const ObjectKey* NoEffect::Teller(const Access& access, std::string_view field) {
  auto origin = access.origins.find(field);
  bool new_one = origin != access.origins.end() && told_.insert(origin->second).second;
  return new_one ? &origin->second : nullptr;
}

void NoEffect::TellTokens(const Access& access, std::string_view field, const std::string& what,
                          const std::string& path) {
  const ObjectKey* origin = Teller(access, field);
  if (origin == nullptr || (!IsForRoutes(*origin) && reader_.TakesTokens())) return;
  findings_.Warning(path, "W223", Cat("no policy reads tokens here, and ", origin->ToString(), " ", what),
                    "write jwt into a SecurityPolicy of this place, or attach that policy where tokens are read");
}

}  // namespace penstock::translator
